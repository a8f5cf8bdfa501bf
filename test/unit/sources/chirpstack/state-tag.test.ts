import { describe, expect, it } from 'vitest'
import type { DataType } from '../../../../src/core/data-type.ts'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { StateTag } from '../../../../src/sources/chirpstack/state-tag.ts'
import { EventSink } from '../../../support/chirpstack-context.ts'
import { chirpStackConfig, loraDevice, loraDevicesOf, loraTag } from '../../../support/chirpstack-plant.ts'

const NOW = Date.UTC(2026, 4, 4, 10, 20)

function aState(type: DataType = 'String') {
  const config = chirpStackConfig([loraDevice('d', 'a81758fffe0a1001', [loraTag('s', 'state:valve', { type })])])
  const sink = new EventSink(loraDevicesOf(config).flatMap(({ tags }) => tags))
  const tag = new StateTag(0, 'valve', type, sink)
  return { sink, tag, told: () => sink.told.map(({ value, status, time }) => [value ?? status, time]) }
}

describe('the text of a STRING measurement', () => {
  it('has the time at which the device was last heard, and is given once', () => {
    const { tag, told } = aState()
    tag.show('open', NOW, NOW - 5_000)
    tag.show('open', NOW + 1_000, NOW - 5_000)
    expect(told()).toEqual([['open', NOW - 5_000]])
  })

  it('is as new as the next frame, although it stays the same', () => {
    const { tag, told } = aState()
    tag.show('open', NOW, NOW - 5_000)
    tag.show('open', NOW + 60_000, NOW + 55_000)
    expect(told()).toEqual([
      ['open', NOW - 5_000],
      ['open', NOW + 55_000],
    ])
  })

  it('that changed before the list shows its frame is of now', () => {
    const { tag, told } = aState()
    tag.show('open', NOW, NOW - 5_000)
    tag.show('shut', NOW + 1_000, NOW - 5_000)
    tag.show('shut', NOW + 2_000, NOW - 5_000)
    tag.show('shut', NOW + 3_000, NOW + 500)
    expect(told()).toEqual([
      ['open', NOW - 5_000],
      ['shut', NOW + 1_000],
    ])
  })

  it('is none where it is empty: ChirpStack never received one', () => {
    const { tag, told } = aState()
    tag.show('', NOW, NOW - 5_000)
    expect(told()).toEqual([])
  })

  it('is given again after ChirpStack had none', () => {
    const { tag, told } = aState()
    tag.show('open', NOW, NOW - 5_000)
    tag.failed(StatusCode.BadConfigurationError, NOW + 1_000)
    tag.show('open', NOW + 2_000, NOW - 5_000)
    expect(told()).toEqual([
      ['open', NOW - 5_000],
      ['BadConfigurationError', NOW - 5_000],
      ['open', NOW - 5_000],
    ])
  })

  it('is a Boolean where it says true or false, and no other text is one', () => {
    const { tag, told } = aState('Boolean')
    tag.show('true', NOW, NOW)
    tag.show('false', NOW, NOW + 1)
    tag.show('yes', NOW, NOW + 2)
    expect(told()).toEqual([
      [true, NOW],
      [false, NOW + 1],
      ['BadDecodingError', NOW + 2],
    ])
  })
})
