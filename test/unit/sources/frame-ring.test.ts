import { describe, expect, it } from 'vitest'
import { FRAMES_KEPT, FrameRing, type FrameWords } from '../../../src/sources/frame-ring.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** Frames whose first byte says what they belong to. */
const words: FrameWords = {
  describe: (frame, sent, request) => `${sent ? 'asks' : 'says'} ${frame[1]} to ${request ? request[1] : 'nothing'}`,
  exchange: (frame) => frame[0],
}

describe('the last frames of a connection', () => {
  it('are kept in order with their times, their bytes and what an answer answers', async () => {
    const clock = new ManualClock(1_000)
    const ring = new FrameRing(clock, words)
    ring.noted('connected')
    ring.sent(Buffer.of(7, 1))
    await clock.advance(5)
    ring.received(Buffer.of(7, 2), 'answer')
    ring.received(Buffer.of(8, 3), 'stray')
    expect(ring.since(0)).toEqual({
      missed: 0,
      frames: [
        { number: 1, at: 1_000, kind: 'note', hex: '', text: 'connected' },
        { number: 2, at: 1_000, kind: 'sent', hex: '0701', text: 'asks 1 to nothing' },
        { number: 3, at: 1_005, kind: 'answer', hex: '0702', text: 'says 2 to 1' },
        { number: 4, at: 1_005, kind: 'stray', hex: '0803', text: 'says 3 to nothing' },
      ],
    })
  })

  it('tell a reader who asks again only what is new, and how much went by unseen', () => {
    const ring = new FrameRing(new ManualClock(), words)
    for (let i = 0; i < 10; i++) ring.sent(Buffer.of(i, i))
    expect(ring.since(8).frames.map(({ number }) => number)).toEqual([9, 10])
    for (let i = 0; i < FRAMES_KEPT + 5; i++) ring.sent(Buffer.of(1, 1))
    const later = ring.since(10)
    expect(later.frames).toHaveLength(FRAMES_KEPT)
    expect(later.missed).toBe(5)
    expect(later.frames.at(-1)?.number).toBe(10 + FRAMES_KEPT + 5)
  })

  it('are copies: what becomes of the buffer of a frame afterwards does not change them', () => {
    const ring = new FrameRing(new ManualClock(), words)
    const buffer = Buffer.of(1, 2, 3)
    ring.received(buffer, 'answer')
    buffer.fill(0xff)
    expect(ring.since(0).frames[0]?.hex).toBe('010203')
  })

  it('take turns in the same room, whatever their lengths', () => {
    const ring = new FrameRing(new ManualClock(), words)
    for (let i = 0; i < 3 * FRAMES_KEPT; i++) ring.sent(Buffer.alloc(1 + ((i * 37) % 260), i & 0xff))
    const { frames } = ring.since(0)
    expect(frames.map(({ hex }) => hex)).toEqual(
      Array.from({ length: FRAMES_KEPT }, (_, at) => {
        const i = 2 * FRAMES_KEPT + at
        return Buffer.alloc(1 + ((i * 37) % 260), i & 0xff).toString('hex')
      }),
    )
  })
})
