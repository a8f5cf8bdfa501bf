import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Delivery } from '../../src/core/command-outlet.ts'

/** `may`: whether it may go out; `do`: it goes out, and is counted; `follow`: what became of it. */
export interface PlantQuestion {
  readonly what: 'may' | 'do' | 'follow'
  readonly id: number
  readonly device: string
}

/** Devices outside of the gateway's process, which count what they were told to do. */
export class ScriptedPlant {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** How often each command was done. */
  readonly done = new Map<number, number>()
  readonly asked: PlantQuestion[] = []
  /** What is answered; undefined: nothing, for ever. */
  answer: (question: PlantQuestion) => Delivery['state'] | undefined = () => 'confirmed'

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => this.#sockets.delete(socket))
      // It says the errors of its socket again: those of a process that was killed.
      const lines = createInterface(socket).on('error', () => undefined)
      lines.on('line', (line) => {
        const question = JSON.parse(line) as PlantQuestion
        this.asked.push(question)
        if (question.what === 'do') this.done.set(question.id, (this.done.get(question.id) ?? 0) + 1)
        const state = this.answer(question)
        if (state !== undefined) socket.write(`${JSON.stringify({ state, reason: '' })}\n`)
      })
    })
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
