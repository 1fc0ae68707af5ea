/** The rules a new password is checked by while it is typed; the server knows some more. */
export interface Rules {
  length: boolean;
  letter: boolean;
  digit: boolean;
  same: boolean;
}

/** The shortest password, in characters. */
const LENGTH_MIN = 8;

export function rulesMet(password: string, repeated: string): Rules {
  return {
    length: Array.from(password).length >= LENGTH_MIN,
    letter: /[A-Za-z]/.test(password),
    digit: /[0-9]/.test(password),
    same: password !== '' && password === repeated,
  };
}
