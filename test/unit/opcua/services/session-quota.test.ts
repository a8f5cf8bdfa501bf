import { describe, expect, it } from 'vitest'
import { SessionQuota } from '../../../../src/opcua/services/session-quota.ts'

const olga = { user: 'user olga', administrator: false }
const emil = { user: 'user emil', administrator: false }
const admin = { user: 'user admin', administrator: true }

const quota = () => new SessionQuota<{ name: string }>({ sessions: 3, sessionsPerUser: 2 })
const session = (name: string) => ({ name })

describe('the sessions of a server', () => {
  it('are not all for one user', () => {
    const sessions = quota()

    expect([1, 2, 3].map((number) => sessions.admit(session(`${number}`), olga))).toEqual([true, true, false])
    expect(sessions.admit(session('other'), emil)).toBe(true)
  })

  it('are refused when all are taken, but for one that is an administrator’s', () => {
    const sessions = quota()
    for (const holder of [olga, olga, emil]) sessions.admit(session('taken'), holder)

    expect(sessions.admit(session('fourth'), emil)).toBe(false)
    expect(sessions.admit(session('kept'), admin)).toBe(true)
    expect(sessions.admit(session('fifth'), admin)).toBe(false)
  })

  it('let an administrator in who has all of its sessions elsewhere', () => {
    const sessions = quota()
    for (const holder of [admin, admin, olga]) sessions.admit(session('taken'), holder)

    expect(sessions.admit(session('kept'), admin)).toBe(true)
  })

  it('make room when they end, and count once however often they are activated', () => {
    const sessions = quota()
    const first = session('first')
    for (const again of [first, first, first]) expect(sessions.admit(again, olga)).toBe(true)
    expect(sessions.admit(session('second'), olga)).toBe(true)
    expect(sessions.admit(session('third'), olga)).toBe(false)

    sessions.release(first)

    expect(sessions.admit(session('third'), olga)).toBe(true)
    expect(sessions.of(olga.user)).toHaveLength(2)
  })

  it('count for the user they are handed to', () => {
    const sessions = quota()
    const handed = session('handed')
    sessions.admit(handed, olga)

    sessions.admit(handed, emil)

    expect([sessions.of(olga.user), sessions.of(emil.user)]).toEqual([[], [handed]])
  })
})
