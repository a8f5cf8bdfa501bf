/** The first that fits: most browsers call themselves by the names of others too. */
const browsers = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/Chrom(?:e|ium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
] as const
const systems = [
  [/\bAndroid\b/, 'Android'],
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
] as const

/** `Firefox, Linux`, of what a browser calls itself; that itself, shortened, where it is none that is known. */
export function browserName(client: string): string {
  const known = [browsers, systems].flatMap((names) => names.find(([pattern]) => pattern.test(client))?.[1] ?? [])
  return known.length > 0 ? known.join(', ') : client.slice(0, 40)
}
