import { formatDuration } from '../../config/duration.ts'
import { historyPolicyOf } from '../../core/history-policy.ts'
import type { IndexedTag } from '../../core/tag-index.ts'
import type { TagDetailAnswer } from '../api/schemas/plant.ts'

type Step = TagDetailAnswer['way'][number]

/**
 * The way of a tag's value as it is configured: where it is in the device, how it lies there, what is made of it, when
 * it is doubted, under which node clients find it, and what is kept. Names are those of the configuration.
 */
export function wayOf(indexed: IndexedTag): Step[] {
  const { tag, device, source, id } = indexed
  const polls = 'pollMs' in device ? device.pollMs : undefined
  const steps: Step[] = [
    step('device', {
      source: `${source.key} (${source.kind})`,
      address: tag.address,
      poll: tag.pollMs ?? polls,
    }),
    step('decoding', {
      encoding: tag.encoding,
      order: tag.order,
      byteOrder: tag.byteOrder,
      wordOrder: tag.wordOrder,
      length: tag.length,
      charset: tag.charset,
      padding: tag.padding,
    }),
    step('transform', { ...tag.transform, deadband: tag.deadband }),
    step('quality', {
      range: tag.range && `${tag.range.low} … ${tag.range.high}`,
      staleAfter: tag.staleAfterMs ?? device.staleAfterMs,
      badAfter: tag.badAfterMs ?? device.badAfterMs,
    }),
    step('node', { nodeId: `nsu=urn:penstock:plant;s=${id}`, type: tag.type, unit: tag.unit }),
    step('history', { history: historyPolicyOf(indexed) }),
  ]
  return steps.filter(({ settings }) => settings.length > 0)
}

const durations: ReadonlySet<string> = new Set(['poll', 'staleAfter', 'badAfter'])

function step(name: Step['step'], settings: Readonly<Record<string, unknown>>): Step {
  const set = Object.entries(settings).filter(([, value]) => value !== undefined)
  return { step: name, settings: set.map(([setting, value]) => ({ name: setting, value: inWords(setting, value) })) }
}

function inWords(setting: string, value: unknown): string {
  if (durations.has(setting)) return formatDuration(value as number)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
