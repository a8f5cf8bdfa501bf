import { createServer } from 'node:net'

/**
 * A Modbus TCP server, as fast as can be, whose every register holds the present second: all of them change once a
 * second. A program of its own, so that its time is not the gateway's: `node counting-modbus-server.ts PORT`.
 */
const HEADER = 7

createServer((socket) => {
  let buffer = Buffer.alloc(0)
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    buffer = Buffer.concat([buffer, chunk])
    while (buffer.length >= HEADER + 5) {
      socket.write(answer(buffer))
      buffer = buffer.subarray(HEADER + 5)
    }
  })
}).listen(Number(process.argv[2]), '127.0.0.1')

function answer(request: Buffer): Buffer {
  const count = request.readUInt16BE(HEADER + 3)
  const reply = Buffer.alloc(HEADER + 2 + 2 * count)
  request.copy(reply, 0, 0, HEADER + 1)
  reply.writeUInt16BE(3 + 2 * count, 4)
  reply.writeUInt8(2 * count, HEADER + 1)
  const value = Math.floor(Date.now() / 1_000) & 0xffff
  for (let at = 0; at < count; at++) reply.writeUInt16BE(value, HEADER + 2 + 2 * at)
  return reply
}
