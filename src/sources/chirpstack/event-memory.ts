import type { FrameCounterMemory } from './frame-counter.ts'
import type { RecentEventsMemory } from './recent-events.ts'

/** What is kept of a device's events from run to run. */
export interface EventMemory {
  /** Whose events these are: a device of the plant may get another DevEUI. */
  readonly devEui: string
  readonly recent: RecentEventsMemory
  readonly frames?: FrameCounterMemory | undefined
}

/** Changes with the shape of what is kept; what an older program kept is then forgotten. */
const SHAPE = 1

export const writeEventMemory = (memory: EventMemory): string => JSON.stringify({ shape: SHAPE, ...memory })

/** What was written for this DevEUI; undefined for anything else: unreadable, of another shape or another device. */
export function readEventMemory(text: string | undefined, devEui: string): EventMemory | undefined {
  const memory = parse(text ?? 'null')
  return memory?.shape === SHAPE && memory.devEui === devEui ? memory : undefined
}

function parse(text: string): (EventMemory & { readonly shape: unknown }) | undefined {
  try {
    return (JSON.parse(text) as (EventMemory & { readonly shape: unknown }) | null) ?? undefined
  } catch {
    return undefined
  }
}
