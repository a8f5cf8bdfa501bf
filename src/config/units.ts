/** Settings that are durations: text in the file, milliseconds in the program, whose names say so. */
const durationSettings = [
  'staleAfter',
  'badAfter',
  'poll',
  'timeout',
  'connectTimeout',
  'delayBetweenRequests',
  'delayAfterConnect',
  'callTimeout',
  'inventoryPeriod',
  'keep',
  'retention',
  'metricsPeriod',
  'slowest',
  'historyInterval',
  'historyHeartbeat',
  'expiresAfter',
  'minInterval',
  'readBackAfter',
  'writeTimeout',
] as const
type DurationSetting = (typeof durationSettings)[number]

type WithUnits<Settings> = {
  [Name in keyof Settings as Name extends DurationSetting ? `${Name}Ms` : Name]: Settings[Name]
}

/** The same settings, with `poll` as `pollMs` and so on. */
export function withUnits<Settings extends object>(settings: Settings): WithUnits<Settings> {
  const isDuration = (name: string) => (durationSettings as readonly string[]).includes(name)
  const renamed = Object.entries(settings).map(([name, value]) => [isDuration(name) ? `${name}Ms` : name, value])
  return Object.fromEntries(renamed) as WithUnits<Settings>
}

/** Where there is no name, the key is the name. */
export function withName<Settings extends { key: string; name?: string | undefined }>(
  settings: Settings,
): Omit<Settings, 'name'> & { name: string } {
  return { ...settings, name: settings.name ?? settings.key }
}
