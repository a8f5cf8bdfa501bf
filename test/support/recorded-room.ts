import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DataType, dataTypes, type TagValue } from '../../src/core/data-type.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { HistoryFile } from '../../src/store/history-file.ts'
import { historyRead } from './history-client.ts'
import { modbusDevice, modbusPlant, tagConfig } from './opcua-plant.ts'
import { nodeId, type RoomUnderTest, startRoom } from './opcua-room.ts'
import { PlantRecorder } from './recorded-plant.ts'

/** When the recorded history begins. */
export const START = Date.UTC(2026, 6, 1, 5)
export const minutes = (count: number): number => START + count * 60_000
/** Samples of the tag `long`, one a second, each with the number of its second. */
export const LONG = 25_000

export const tag = (key: string, rest: Parameters<typeof tagConfig>[1] = {}) =>
  tagConfig(key, { history: 'every', ...rest })
export const plantOf = (...more: ReturnType<typeof tag>[]) =>
  modbusPlant([
    modbusDevice('boiler', [
      tag('level'),
      tag('long'),
      tag('silent'),
      tag('gap'),
      tag('down', { type: 'Byte' }),
      tag('list', { arrayLength: 3, type: 'Int16' }),
      tag('text', { type: 'String' }),
      tagConfig('unkept'),
      ...dataTypes.map((type) => tag(`a-${type.toLowerCase()}`, { type })),
      ...more,
    ]),
  ])

export const samples: Readonly<Record<DataType, TagValue>> = {
  Boolean: true,
  SByte: -7,
  Byte: 200,
  Int16: -300,
  UInt16: 60_000,
  Int32: -70_000,
  UInt32: 4_000_000_000,
  Int64: -(2n ** 62n),
  UInt64: 2n ** 63n + 5n,
  Float: 1.5,
  Double: 0.1,
  String: 'ein Wört',
  ByteString: Buffer.from('00ff10', 'hex'),
  DateTime: Date.UTC(2026, 1, 2, 3, 4, 5, 678),
}
export const seenAs: Partial<Record<DataType, unknown>> = {
  Int64: [0xc000_0000, 0],
  UInt64: [0x8000_0000, 5],
  DateTime: new Date(Date.UTC(2026, 1, 2, 3, 4, 5, 678)),
}

export const level = { nodeId: nodeId('boiler/level') }

export const statusOf = async (...parameters: Parameters<typeof historyRead>) => {
  const results = await historyRead(...parameters)
  return results.map(({ statusCode }) => statusCode)
}

/** A room that serves the history of the device `boiler` from a file of its own; `end` removes all of it. */
export async function startRecordedRoom(): Promise<RoomUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-history-'))
  const recorder = new PlantRecorder(folder, plantOf())
  for (const minute of [0, 2, 3, 5, 6]) recorder.record('boiler/level', minutes(minute), minute)
  for (let second = 0; second < LONG; second++) recorder.record('boiler/long', START + second * 1_000, second)
  recorder.record('boiler/gap', minutes(0), 0)
  recorder.record('boiler/gap', minutes(2), undefined, StatusCode.BadNoCommunication)
  recorder.record('boiler/gap', minutes(6), 30)
  recorder.record('boiler/down', START, 200)
  recorder.record('boiler/down', START + 1_000, 0)
  recorder.record('boiler/list', START, [1, -2, 3])
  recorder.record('boiler/text', START, undefined, StatusCode.BadDecodingError)
  recorder.record('boiler/text', START + 1, 'doubtful', StatusCode.UncertainDataSubNormal)
  for (const type of dataTypes) recorder.record(`boiler/a-${type.toLowerCase()}`, START, samples[type])
  await recorder.close()
  const file = new HistoryFile(folder)
  const room = await startRoom({ plant: plantOf(), history: file })
  return {
    ...room,
    async end() {
      await room.end()
      file.close()
      await rm(folder, { recursive: true })
    },
  }
}
