import type { Milliseconds } from './clock.ts'
import type { CommandConfig, GuardConfig } from './command.ts'
import { showValue } from './problem.ts'

/** `pump/running is true and …`, as operators read it. */
export function guardInWords({ tag, equals, above, below }: GuardConfig): string {
  const conditions = [
    ...(equals === undefined ? [] : [`is ${showValue(equals)}`]),
    ...(above === undefined ? [] : [`is above ${above}`]),
    ...(below === undefined ? [] : [`is below ${below}`]),
  ]
  return `${tag} ${conditions.join(' and ') || 'is Good'}`
}

/** Under which conditions a command is done, a sentence each; for whoever is about to ask for it. */
export function conditionsOf(command: CommandConfig): readonly string[] {
  const { onlyWhen = [], minIntervalMs, expiresAfterMs, latestWins, needsConfirmation } = command
  return [
    ...onlyWhen.map((guard) => `Only when ${guardInWords(guard)}.`),
    ...(needsConfirmation ? ['It has to be confirmed that it is meant.'] : []),
    ...(minIntervalMs === undefined
      ? []
      : [`At least ${inWords(minIntervalMs)} after the one before; sooner it waits.`]),
    ...(expiresAfterMs === undefined ? [] : [`It waits ${inWords(expiresAfterMs)} at most.`]),
    ...(latestWins ? ['A newer one takes the place of one that waits.'] : []),
  ]
}

const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const

/** In the largest unit of which it is a whole number. */
function inWords(duration: Milliseconds): string {
  const [length, unit] = units.find(([each]) => duration % each === 0) ?? [1, 'ms']
  return `${duration / length} ${unit}`
}
