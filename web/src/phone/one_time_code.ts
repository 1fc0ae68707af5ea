/** The code that signed in, for the one page that needs it again. It is kept in memory only. */
let code = '';

export function keepForPasswordChange(used: string): void {
  code = used;
}

export function usedCode(): string {
  return code;
}
