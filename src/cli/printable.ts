/**
 * The text as a terminal may show it: devices, servers and other users wrote parts of it, and a terminal does what control
 * characters tell it. They are shown as `\x1b`; lines and tabs stay.
 */
export const printable = (text: string): string =>
  text.replaceAll(/[^\P{Cc}\n\t]/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
