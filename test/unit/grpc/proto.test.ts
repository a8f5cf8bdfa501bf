import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadFileDescriptorSetFromBuffer, loadSync } from '@grpc/proto-loader'
import { describe, expect, it } from 'vitest'
import { aggregateFunctions } from '../../../src/core/aggregates/functions.ts'
import { commandStates } from '../../../src/core/command.ts'
import { deviceStates, sourceCounters, sourceStates } from '../../../src/core/health.ts'
import { Descriptors } from '../../../src/grpc/descriptors.ts'
import { sourceHealthMessage } from '../../../src/grpc/source-health.ts'
import { typeNames } from '../../../src/grpc/values.ts'
import { PROTO } from '../../support/grpc-site.ts'

const files = globSync('**/*.proto', { cwd: PROTO }).toSorted()
const own = files.filter((file) => file.startsWith('penstock/'))
const definitions = loadSync(own, { includeDirs: [PROTO] })

/** Names of the values of an enumeration, also of one that stands in a message. */
function namesOf(message: string, nested?: string): string[] {
  const { type } = definitions[`penstock.v1.${message}`] as unknown as {
    type: { value: { name: string }[]; enumType: { name: string; value: { name: string }[] }[] }
  }
  const found = nested === undefined ? type : type.enumType.find(({ name }) => name === nested)
  return (found?.value ?? []).map(({ name }) => name)
}

describe('the .proto files', () => {
  it('explain every service, method, message, field and value where it stands', () => {
    const declares =
      /^\s*(?:service|rpc|message|enum|oneof|(?:repeated |map<)?[\w.]+(?:, \w+>)? \w+ = \d+|[A-Z_0-9]+ = \d+)/
    const bare = own.flatMap((file) => {
      const lines = readFileSync(join(PROTO, file), 'utf8').split('\n')
      return lines.flatMap((line, at) =>
        declares.test(line) && !/^\s*\/\//.test(lines[at - 1] ?? '') ? [`${file}:${at + 1} ${line.trim()}`] : [],
      )
    })
    expect(own.length).toBe(5)
    expect(bare).toEqual([])
  })

  it('import nothing but what protobuf itself brings', () => {
    const imports = own.flatMap((file) =>
      [...readFileSync(join(PROTO, file), 'utf8').matchAll(/^import "(.+)";$/gm)].map(([, name = '']) => name),
    )
    expect(imports.length).toBeGreaterThan(5)
    expect(imports.filter((name) => !/^(?:google\/protobuf|penstock\/v1)\//.test(name))).toEqual([])
  })

  it('are compiled as they are now, for tools that ask the server', () => {
    const folder = mkdtempSync(join(tmpdir(), 'penstock-compiled-'))
    const fresh = join(folder, 'fresh.binpb')
    execFileSync('protoc', ['-I', PROTO, '--include_imports', `--descriptor_set_out=${fresh}`, ...files])
    const contentOf = (path: string) => {
      const loaded = Object.entries(loadFileDescriptorSetFromBuffer(readFileSync(path)))
      return loaded.map(([name, definition]) => [
        name,
        'type' in definition ? definition.type : Object.keys(definition),
      ])
    }
    const command = 'protoc -I proto --include_imports --descriptor_set_out=proto/penstock.binpb <all files in proto>'
    expect(contentOf(join(PROTO, 'penstock.binpb')), `Run: ${command}`).toEqual(contentOf(fresh))
    rmSync(folder, { recursive: true })
  })

  it('name every type, state and aggregate that the gateway has', () => {
    expect(namesOf('DataType')).toEqual(['DATA_TYPE_UNSPECIFIED', ...Object.values(typeNames)])
    const states = commandStates.map((state) => `COMMAND_STATE_${state.toUpperCase()}`)
    expect(namesOf('CommandState')).toEqual(['COMMAND_STATE_UNSPECIFIED', ...states])
    const aggregates = namesOf('Aggregate').slice(1)
    const asNamed = (name: string) => name.replace('AGGREGATE_', '').replaceAll('_', '').toLowerCase()
    expect(aggregates.map(asNamed)).toEqual(Object.keys(aggregateFunctions).map((name) => name.toLowerCase()))
  })

  it('name every state of sources and devices', () => {
    const counters = Object.fromEntries(sourceCounters.map((counter) => [counter, 0])) as Record<
      (typeof sourceCounters)[number],
      number
    >
    const devices = deviceStates.map((state) => ({ key: state, state, reason: '' }))
    const shown = sourceStates.map((state) =>
      sourceHealthMessage({ key: state, state, reason: '', since: 0, counters, devices }),
    )
    expect(shown.map(({ state }) => state)).toEqual(namesOf('SourceHealth', 'State').slice(1))
    expect(shown[0]?.devices.map(({ state }) => state)).toEqual(namesOf('DeviceHealth', 'State').slice(1))
  })
})

describe('what is told of the files', () => {
  const descriptors = new Descriptors()

  it('is found by the name of whatever stands in them, with all that is imported', () => {
    const [value] = descriptors.file('penstock/v1/value.proto') ?? []
    for (const name of ['Value', 'Value.kind', 'Value.double_value', 'DataType', 'Sample.status_code']) {
      expect(descriptors.fileOf(`penstock.v1.${name}`)?.[0]).toEqual(value)
    }
    expect(descriptors.fileOf('penstock.v1.SourceHealth.State')).toHaveLength(3)
    expect(descriptors.fileOf('google.protobuf.Timestamp')).toHaveLength(1)
  })

  it('is nothing for names that are not there', () => {
    for (const name of ['', '.', 'penstock', 'penstock.v1', 'penstock.v1.Nothing', '__proto__', 'constructor']) {
      expect(descriptors.fileOf(name)).toBeUndefined()
      expect(descriptors.file(name)).toBeUndefined()
    }
  })
})
