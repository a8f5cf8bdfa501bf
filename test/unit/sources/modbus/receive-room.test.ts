import { describe, expect, it } from 'vitest'
import { ReceiveRoom } from '../../../../src/sources/modbus/transport/receive-room.ts'

describe('what arrives at a socket', () => {
  /** As the socket does it: writes into the room, and calls. */
  const arrives = ({ onread }: ReceiveRoom, text: string) => {
    const room = onread.buffer as Buffer
    onread.callback(room.write(text), room)
  }

  it('is kept until somebody listens, and given in its order', () => {
    const room = new ReceiveRoom()
    const heard: string[] = []
    arrives(room, 'first')
    arrives(room, 'second')
    room.listen((bytes) => heard.push(bytes.toString()))
    arrives(room, 'third')
    expect(heard).toEqual(['first', 'second', 'third'])
  })

  it('stays as it is for whoever keeps it, whatever comes after it', () => {
    const room = new ReceiveRoom()
    const kept: Buffer[] = []
    room.listen((bytes) => kept.push(bytes))
    arrives(room, 'an answer')
    arrives(room, 'another')
    expect(kept.map(String)).toEqual(['an answer', 'another'])
  })
})
