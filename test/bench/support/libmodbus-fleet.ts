import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Fleet {
  readonly port: number
  end(): Promise<void>
}

/** The server that `libmodbus_fleet.c` describes, a process of its own; needs gcc, pkg-config and libmodbus. */
export async function startLibmodbusFleet(): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-fleet-'))
  const program = join(folder, 'fleet')
  const { stdout: flags } = await run('pkg-config', ['--cflags', '--libs', 'libmodbus'])
  const source = join(import.meta.dirname, 'libmodbus_fleet.c')
  await run('gcc', ['-O2', '-Wall', '-o', program, source, ...flags.trim().split(/\s+/)])
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  const { value } = await createInterface(child.stdout)[Symbol.asyncIterator]().next()
  const port = Number(/^port (\d+)$/.exec(value ?? '')?.[1])
  if (!port) throw new Error(`libmodbus does not serve: ${value ?? ''}`)
  return {
    port,
    async end() {
      const exit = once(child, 'exit')
      child.stdin.end()
      await exit
      await rm(folder, { recursive: true })
    },
  }
}
