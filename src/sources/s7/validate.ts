import { everyTime, type Once } from '../../core/once.ts'
import type { S7DeviceConfig, S7SourceConfig, TagConfig } from '../../core/plant.ts'
import { below, type Problem, showValue } from '../../core/problem.ts'
import { resolveTag, type S7Item } from './resolve.ts'
import { readOnlyWords } from './write-plan.ts'

const HIGHEST_RACK = 7
const HIGHEST_SLOT = 31

/** Everything wrong with the source's S7 settings and its tags' addresses; paths relative to the source. */
export function validateS7(config: S7SourceConfig, once: Once = everyTime): Problem[] {
  return [
    ...inRange(config.rack, 'rack', HIGHEST_RACK, 'Use the rack of the hardware configuration, usually 0.'),
    ...inRange(
      config.slot,
      'slot',
      HIGHEST_SLOT,
      'Use the slot of the CPU: S7-300 2, S7-400 usually 3, S7-1200/1500 1.',
    ),
    ...config.devices.flatMap((device, position) => below(`devices[${position}]`, once(problemsOfDevice, device))),
  ]
}

function inRange(value: number, path: string, highest: number, mend: string): Problem[] {
  if (Number.isInteger(value) && value >= 0 && value <= highest) return []
  return [{ path, value: showValue(value), message: `A ${path} is a whole number from 0 to ${highest}.`, mend }]
}

/** Paths are relative to the device. */
function problemsOfDevice(device: S7DeviceConfig): Problem[] {
  const problems: Problem[] = []
  const readBy = new Map<string, string>()
  for (const [position, tag] of device.tags.entries()) {
    const tagPath = `tags[${position}]`
    problems.push(...withoutMeaning(tag, tagPath))
    const resolved = resolveTag(tag)
    if (!resolved.ok) {
      const { setting, message, mend } = resolved.fault
      problems.push({ path: `${tagPath}.${setting}`, ...found(tag[setting]), message, mend })
      continue
    }
    const readOnly = tag.access === 'readWrite' ? readOnlyWords(resolved.item) : undefined
    if (readOnly !== undefined) {
      const mend = 'Remove the access, or correct the address.'
      problems.push({ path: `${tagPath}.access`, value: showValue(tag.access), message: readOnly, mend })
    }
    const place = placeOf(tag, resolved.item)
    const other = readBy.get(place)
    if (other === undefined) readBy.set(place, tag.key)
    else problems.push(duplicate(tag, tagPath, other))
  }
  return problems
}

/** An absent encoding is what is wrong where an address is ambiguous; it has no value to show. */
const found = (value: string | number | undefined) => (value === undefined ? {} : { value: showValue(value) })

/** The same place in another notation is the same place; as another data type it is another tag. */
const placeOf = ({ type: dataType }: TagConfig, item: S7Item): string => {
  const { area, db, type, offset, bit, maxLength, count } = item
  return [dataType, area, db, type, offset, bit, maxLength, count].join()
}

const duplicate = (tag: TagConfig, path: string, other: string): Problem => ({
  path: `${path}.address`,
  value: showValue(tag.address),
  message: `The tag "${other}" of this device reads the same.`,
  mend: 'Correct the address, or remove one of the two tags.',
})

/** Settings that other protocols need; ignoring them in silence would hide a misunderstanding. */
function withoutMeaning(tag: TagConfig, path: string): Problem[] {
  const big = 'S7 stores the most significant byte first, always.'
  const why = {
    byteOrder: big,
    wordOrder: big,
    length: 'The length of a STRING is part of its address: DB1,STRING20.30.',
  }
  return (['byteOrder', 'wordOrder', 'length'] as const)
    .filter((setting) => tag[setting] !== undefined)
    .map((setting) => ({
      path: `${path}.${setting}`,
      value: showValue(tag[setting]),
      message: `It means nothing for S7. ${why[setting]}`,
      mend: 'Remove it.',
    }))
}
