import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GrpcSite, PROTO } from '../support/grpc-site.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'
import { USERS } from '../support/web-server.ts'

const run = promisify(execFile)
const CLIENT = fileURLToPath(new URL('../support/grpc_client.py', import.meta.url))
const begin = 1_760_000_000_000
const tags = [
  aTag('level', { history: 'change', access: 'readWrite' }),
  aTag('energy', { type: 'UInt64' }),
  aTag('note', { type: 'ByteString' }),
  aTag('curve', { type: 'Int16', arrayLength: 2 }),
  aTag('silent', { type: 'Boolean' }),
]

let site: GrpcSite
let generated: string
beforeAll(async () => {
  site = await GrpcSite.start({ plant: aPlant([aModbusDevice('pump', tags)]) })
  site.say('pump/level', 0.1)
  site.say('pump/energy', 18_446_744_073_709_551_615n)
  site.say('pump/note', new Uint8Array([0, 255]))
  site.say('pump/curve', [-1, 2])
  for (let step = 0; step < 3; step++) site.web.recorder.record('pump/level', begin + step, step)
  await site.web.recorder.commit()
  generated = mkdtempSync(join(tmpdir(), 'penstock-proto-'))
  await generate(generated)
})
afterAll(async () => {
  await site.stop()
  rmSync(generated, { recursive: true, force: true })
})

/** Client code in Python, of the files and nothing else. */
async function generate(folder: string): Promise<void> {
  const plugin = '--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin'
  const compile = (root: string, ...files: string[]) =>
    run('protoc', ['-I', root, `--python_out=${folder}`, `--grpc_python_out=${folder}`, plugin, ...files])
  const services = ['value', 'plant_service', 'value_service', 'history_service', 'command_service']
  await compile(PROTO, ...services.map((name) => `penstock/v1/${name}.proto`))
  // Python has a package `grpc` of its own.
  const own = join(folder, 'proto/grpc_reflection_generated')
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, 'reflection.proto'), readFileSync(join(PROTO, 'grpc/reflection/v1/reflection.proto')))
  await compile(join(folder, 'proto'), 'grpc_reflection_generated/reflection.proto')
}

describe('a program in another language, made of the .proto files alone', () => {
  it('sees the plant, its values with all their digits, their history, and can command', async () => {
    const { password } = USERS.oscar
    const { stdout } = await run('/usr/bin/python3', [CLIENT, site.address, `oscar:${password}`, generated])
    expect(JSON.parse(stdout.replace('18446744073709551615', '"all digits"'))).toEqual({
      types: {
        'pump/level': 'DATA_TYPE_DOUBLE',
        'pump/energy': 'DATA_TYPE_UINT64',
        'pump/note': 'DATA_TYPE_BYTE_STRING',
        'pump/curve': 'DATA_TYPE_INT16',
        'pump/silent': 'DATA_TYPE_BOOLEAN',
      },
      values: {
        'pump/level': 0.1,
        'pump/energy': 'all digits',
        'pump/note': '00ff',
        'pump/curve': [-1, 2],
        'pump/silent': null,
      },
      status: {
        'pump/level': 'Good',
        'pump/energy': 'Good',
        'pump/note': 'Good',
        'pump/curve': 'Good',
        'pump/silent': 'BadWaitingForInitialData',
      },
      hasTime: {
        'pump/level': true,
        'pump/energy': true,
        'pump/note': true,
        'pump/curve': true,
        'pump/silent': false,
      },
      events: ['plant', 'engine', 'sources', 'values'],
      pages: [[0, 1], [2]],
      state: 'COMMAND_STATE_QUEUED',
      refused: {
        status: 'NOT_FOUND',
        code: 'NOT_FOUND',
        message: 'The plant has no device with the key "ghost".',
      },
      reflected: {
        services: [
          'penstock.v1.PlantService',
          'penstock.v1.ValueService',
          'penstock.v1.HistoryService',
          'penstock.v1.CommandService',
          'grpc.health.v1.Health',
        ],
        methods: ['ReadValues', 'StreamValues'],
        fields: ['value', 'status_code', 'status_name', 'source_time', 'server_time'],
        first: 'penstock/v1/value_service.proto',
        unknown: 5,
      },
    })
  })
})
