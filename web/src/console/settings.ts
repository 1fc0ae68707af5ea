/** The only module of the console that touches the browser's storage. Without one it forgets. */
export function setting(name: string): string | null {
  try {
    return localStorage.getItem(`console.${name}`);
  } catch {
    return null;
  }
}

export function keepSetting(name: string, value: string): void {
  try {
    localStorage.setItem(`console.${name}`, value);
  } catch {
    // Kept for this page only.
  }
}
