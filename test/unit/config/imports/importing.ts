import { parse } from 'yaml'
import { loadText } from '../../../../src/cli/configuration.ts'
import { type ImportInput, importPlant, type PlantImport } from '../../../../src/config/imports/import-plant.ts'
import { ParsedTexts } from '../../../../src/config/parsed-texts.ts'
import type { Problem } from '../../../../src/core/problem.ts'

/** All that a gateway without secrets says of a configuration. */
export function judge(text: string): readonly Problem[] {
  const loaded = loadText(text, 'configuration', {}, false)
  return loaded.ok ? [] : loaded.problems
}

export const EMPTY = 'sources: []\n'

export interface Made extends PlantImport {
  /** The sources, as they are written. */
  readonly sources: Record<string, unknown>[]
  /** What is said of each thing, `kind at: message`. */
  readonly said: string[]
}

/** Imports into a configuration, and looks whether that is all right then. */
export async function imported(input: Omit<ImportInput, 'text'> & { readonly text?: string }): Promise<Made> {
  const help = { texts: new ParsedTexts(), judge, pause: async () => undefined }
  const made = await importPlant({ text: EMPTY, ...input }, help)
  const { sources } = parse(made.text) as { sources: Record<string, unknown>[] }
  const said = made.notes.map(
    ({ kind, at, line, message }) => `${kind} ${line === undefined ? '' : `${line} `}${at}: ${message}`,
  )
  return { ...made, sources, said }
}

type Properties = Record<string, unknown>

const [COMMON, SERVER] = ['common.ALLTYPES_', 'servermain.']

/** A tag as the Configuration API has it, with the defaults of a new one. */
export const kepTag = (name: string, address: string, type: number, more: Properties = {}): Properties => ({
  [`${COMMON}NAME`]: name,
  [`${COMMON}DESCRIPTION`]: '',
  [`${SERVER}TAG_ADDRESS`]: address,
  [`${SERVER}TAG_DATA_TYPE`]: type,
  [`${SERVER}TAG_READ_WRITE_ACCESS`]: 0,
  [`${SERVER}TAG_SCAN_RATE_MILLISECONDS`]: 100,
  [`${SERVER}TAG_SCALING_TYPE`]: 0,
  ...more,
})

export const scaling = (raw: [number, number], value: [number, number], more: Properties = {}): Properties => ({
  [`${SERVER}TAG_SCALING_TYPE`]: 1,
  [`${SERVER}TAG_SCALING_RAW_LOW`]: raw[0],
  [`${SERVER}TAG_SCALING_RAW_HIGH`]: raw[1],
  [`${SERVER}TAG_SCALING_SCALED_DATA_TYPE`]: 9,
  [`${SERVER}TAG_SCALING_SCALED_LOW`]: value[0],
  [`${SERVER}TAG_SCALING_SCALED_HIGH`]: value[1],
  [`${SERVER}TAG_SCALING_CLAMP_LOW`]: false,
  [`${SERVER}TAG_SCALING_CLAMP_HIGH`]: false,
  [`${SERVER}TAG_SCALING_NEGATE_VALUE`]: false,
  [`${SERVER}TAG_SCALING_UNITS`]: '',
  ...more,
})

export const TCP = 'Modbus TCP/IP Ethernet'
export const RTU = 'Modbus RTU Serial'
export const S7 = 'Siemens TCP/IP Ethernet'

export const kepDevice = (name: string, id: string, tags: Properties[], more: Properties = {}): Properties => ({
  [`${COMMON}NAME`]: name,
  [`${SERVER}DEVICE_ID_STRING`]: id,
  [`${SERVER}DEVICE_DATA_COLLECTION`]: true,
  [`${SERVER}DEVICE_SCAN_MODE`]: 4,
  tags,
  ...more,
})

export const kepChannel = (name: string, driver: string, devices: Properties[], more: Properties = {}): Properties => ({
  [`${COMMON}NAME`]: name,
  [`${SERVER}MULTIPLE_TYPES_DEVICE_DRIVER`]: driver,
  devices: devices.map((device) => ({ [`${SERVER}MULTIPLE_TYPES_DEVICE_DRIVER`]: driver, ...device })),
  ...more,
})

export const kepProject = (...channels: Properties[]): string => JSON.stringify({ project: { channels } }, null, 2)
