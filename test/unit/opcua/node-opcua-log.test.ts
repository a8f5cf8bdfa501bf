import { make_warningLog } from 'node-opcua'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { routeNodeOpcuaLog, routePrinting } from '../../../src/opcua/node-opcua-log.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

afterEach(() => {
  routeNodeOpcuaLog(silentLogger)
  vi.restoreAllMocks()
})

describe('what node-opcua says', () => {
  it('goes to the log without colours, on one line, and not to the standard output', () => {
    const { log, logged } = recordingLogger()
    const printed = vi.spyOn(console, 'log').mockReturnValue()
    routeNodeOpcuaLog(log, new ManualClock())

    make_warningLog('test')('\u001b[31mchannel\u001b[39m closed\n  at once', 7)
    make_warningLog('test')(new Error('broken'))
    make_warningLog('test')('thumbprint', Buffer.from([0x8b, 6, 0x99]), Object.create({}), '\u0000\uFFFD=')

    expect(logged.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'channel closed at once 7'],
      ['warn', 'broken'],
      ['warn', 'thumbprint 8b0699 {Object} ?='],
    ])
    expect(printed).not.toHaveBeenCalled()
  })

  it('is counted where it is printed past its loggers, with the message of an error alone', () => {
    const { log, logged } = recordingLogger()
    const console = {} as Console
    routePrinting(console, log, new ManualClock())
    for (let time = 0; time < 25; time++)
      console.log('err = ', Object.assign(new Error('cannot decrypt'), { key: 's' }))
    console.error('elsewhere')
    expect(logged.map(({ message, fields }) => [message, fields.leftOut])).toEqual([
      ['err = cannot decrypt', undefined],
      ['err = cannot decrypt', 8],
      ['elsewhere', undefined],
    ])
    expect(logged[0]?.fields.source).toMatch(/^node-opcua-log\.test\.ts:\d+$/)
  })

  it('a thousand times over is counted, not logged a thousand times, and is logged again a minute later', async () => {
    const { log, logged } = recordingLogger()
    const clock = new ManualClock()
    routeNodeOpcuaLog(log, clock)
    const warn = make_warningLog('test')
    const say = (times: number) => {
      for (let time = 0; time < times; time++) warn('again')
    }

    say(1_234)
    expect(logged.map(({ fields }) => fields.leftOut)).toEqual([undefined, 8, 89, 899])

    await clock.advance(60_000)
    say(1)
    expect(logged).toHaveLength(5)
    expect(logged.at(-1)?.fields).toMatchObject({ leftOut: 234 })
  })
})
