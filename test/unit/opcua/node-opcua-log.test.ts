import { make_warningLog } from 'node-opcua'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { routeNodeOpcuaLog } from '../../../src/opcua/node-opcua-log.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

afterEach(() => {
  routeNodeOpcuaLog(silentLogger)
  vi.restoreAllMocks()
})

describe('what node-opcua says', () => {
  it('goes to the log without colours, on one line, and not to the standard output', () => {
    const { log, logged } = recordingLogger()
    const printed = vi.spyOn(console, 'log').mockReturnValue()
    routeNodeOpcuaLog(log)

    make_warningLog('test')('\u001b[31mchannel\u001b[39m closed\n  at once', 7)
    make_warningLog('test')(new Error('broken'))

    expect(logged.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'channel closed at once 7'],
      ['warn', 'broken'],
    ])
    expect(printed).not.toHaveBeenCalled()
  })

  it('a thousand times over is counted, not logged a thousand times', () => {
    const { log, logged } = recordingLogger()
    routeNodeOpcuaLog(log)
    const warn = make_warningLog('test')

    for (let times = 0; times < 1_000; times++) warn('again')

    expect(logged).toHaveLength(11)
    expect(logged.at(-1)?.fields).toMatchObject({ count: 1_000 })
  })
})
