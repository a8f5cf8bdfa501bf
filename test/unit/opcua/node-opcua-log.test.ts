import { make_warningLog } from 'node-opcua'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { routeNodeOpcuaLog } from '../../../src/opcua/node-opcua-log.ts'
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

    expect(logged.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'channel closed at once 7'],
      ['warn', 'broken'],
    ])
    expect(printed).not.toHaveBeenCalled()
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
    expect(logged.slice(9).map(({ fields }) => fields.leftOut)).toEqual([undefined, 89, 899])

    await clock.advance(60_000)
    say(1)
    expect(logged).toHaveLength(13)
    expect(logged.at(-1)?.fields).toMatchObject({ leftOut: 234 })
  })
})
