import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { looks, startBrowser, WebVisitor } from '../support/web-browser.ts'

/** What a newcomer does with the README in hand: the built program, its demo plant, its own client, a browser. */
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const run = promisify(execFile)
let folder: string
let opcuaPort: number
let webPort: number
let demo: { child: ChildProcess; output: () => string }

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-demo-'))
  opcuaPort = await freePort()
  webPort = await freePort()
  demo = await startDemo()
})
afterAll(async () => {
  await end(demo.child, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function startDemo(): Promise<{ child: ChildProcess; output: () => string }> {
  const args = [cli, 'demo', '--opcua-port', `${opcuaPort}`, '--web-port', `${webPort}`]
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  await vi.waitFor(() => expect(output).toContain('Penstock runs'), { timeout: 60_000, interval: 100 })
  return { child, output: () => output }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const exit = once(child, 'exit')
  child.kill(signal)
  const [code] = await exit
  return code
}

/** The client as a newcomer calls it; answers its output and exit code. */
async function client(command: string, ...args: string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  const endpoint = `opc.tcp://localhost:${opcuaPort}/penstock`
  const all = [cli, command, ...args, '--endpoint', endpoint, '--pki', join(folder, 'client')]
  return run(process.execPath, all, { maxBuffer: 16 * 1024 * 1024 }).then(
    ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  )
}
const asDemo = ['--user', 'demo', '--password', 'demo']

interface Line {
  readonly id: string
  readonly value: unknown
  readonly status: string
  readonly sourceTime: string
}
const lines = (stdout: string): Line[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

describe('the demo', () => {
  it('says where it is and how to see values', () => {
    expect(demo.output()).toContain(`opc.tcp://localhost:${opcuaPort}/penstock`)
    expect(demo.output()).toContain(`http://localhost:${webPort}/`)
    expect(demo.output()).toContain('watch --user demo --password demo')
  })

  it('shows Good values of LoRaWAN, Modbus and S7 devices to the client that comes with it', async () => {
    const tags = ['lora-energy/power', 'energy-meter/voltage-l1', 'mixing-line/temperature']
    await vi.waitFor(
      async () => {
        const { stdout } = await client('read', ...tags, '--json', ...asDemo)
        expect(lines(stdout).map(({ status }) => status)).toEqual(['Good', 'Good', 'Good'])
      },
      { timeout: 60_000, interval: 500 },
    )
    const { stdout } = await client('read', ...tags, '--json', ...asDemo)
    const [power, voltage, temperature] = lines(stdout).map(({ value }) => Number(value)) as [number, number, number]
    expect(power).toBeGreaterThan(100)
    expect(voltage).toBeGreaterThan(200)
    expect(voltage).toBeLessThan(250)
    expect(temperature).toBeGreaterThan(0)
  })

  it('lets its values be watched as they move', async () => {
    const endpoint = ['--endpoint', `opc.tcp://localhost:${opcuaPort}/penstock`, '--pki', join(folder, 'client')]
    const child = spawn(process.execPath, [cli, 'watch', '--json', ...asDemo, ...endpoint])
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    const complete = () => lines(output.slice(0, output.lastIndexOf('\n')))
    await vi.waitFor(
      () => expect(complete().filter(({ id }) => id === 'energy-meter/voltage-l1').length).toBeGreaterThan(2),
      { timeout: 30_000, interval: 100 },
    )
    expect(new Set(complete().map(({ id }) => id)).size).toBeGreaterThan(60)
    expect(await end(child, 'SIGINT')).toBe(0)
  })

  it('refuses a wrong password, and says so', async () => {
    const { code, stderr } = await client('read', 'energy-meter/voltage-l1', '--user', 'demo', '--password', 'guess')
    expect(code).toBe(4)
    expect(stderr).toMatch(/password/)
  })

  it('refuses whoever has no user', async () => {
    const { code, stderr } = await client('read', 'energy-meter/voltage-l1')
    expect(code).toBe(4)
    expect(stderr).toMatch(/--user/)
  })

  it('shows its pages in a browser, and its health to programs', async () => {
    const browser = await startBrowser()
    try {
      const visitor = await WebVisitor.come(browser, `http://localhost:${webPort}`, looks.light)
      await visitor.open('/')
      await visitor.logIn('demo', 'demo')
      await visitor.page.getByRole('heading', { name: 'Overview' }).waitFor()
      expect(visitor.complaints).toEqual([])
    } finally {
      await browser.close()
    }
    const health = (await (await fetch(`http://localhost:${webPort}/`)).json()) as Record<string, unknown>
    expect(health).toMatchObject({
      ready: true,
      rooms: { engine: { state: 'running' }, opcua: { state: 'running' } },
    })
    expect((await fetch(`http://localhost:${webPort}/readyz`)).status).toBe(200)
    expect((await fetch(`http://localhost:${webPort}/livez`)).status).toBe(200)
  })

  it('ends in order, and begins again with the last values, Uncertain until each device speaks', async () => {
    const before = await client('read', 'gate-contact/openings', '--json', ...asDemo)
    expect(await end(demo.child, 'SIGTERM')).toBe(0)
    demo = await startDemo()
    const after = await client('read', 'gate-contact/openings', '--json', ...asDemo)
    const [kept, shown] = [lines(before.stdout)[0], lines(after.stdout)[0]]
    // The simulated gate counts anew in each run, so what it says itself may be less than what was kept.
    if (shown?.status === 'Good') expect(shown.value).toEqual(expect.any(Number))
    else expect(shown).toMatchObject({ status: 'UncertainLastUsableValue', value: kept?.value })
  })
})
