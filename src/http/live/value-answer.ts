import { type Plain, plainValue } from '../../core/plain-value.ts'
import { isBad, isGood, type StatusCode, statusName } from '../../core/status-code.ts'
import type { IndexedTag } from '../../core/tag-index.ts'
import type { TagValueAnswer } from '../api/schemas/values.ts'
import type { PlantMirror } from './plant-mirror.ts'

export type Quality = 'good' | 'uncertain' | 'bad'

export function qualityOf(status: StatusCode): Quality {
  if (isGood(status)) return 'good'
  return isBad(status) ? 'bad' : 'uncertain'
}

/** A tag's value as the API says it. */
export function valueAnswer(mirror: PlantMirror, indexed: IndexedTag): TagValueAnswer {
  const { value, status, sourceTime, serverTime } = mirror.valueOf(indexed)
  const plain = plainValue(indexed.tag.type, value)
  return {
    id: indexed.id,
    value: Array.isArray(plain) ? plain.map(inJson) : inJson(plain as Plain),
    status: statusName(status),
    quality: qualityOf(status),
    sourceTime: Number.isNaN(sourceTime) ? null : sourceTime,
    serverTime: Number.isNaN(serverTime) ? null : serverTime,
  }
}

const inJson = (plain: Plain): string | number | boolean | null =>
  plain instanceof Uint8Array ? Buffer.from(plain).toString('hex') : plain
