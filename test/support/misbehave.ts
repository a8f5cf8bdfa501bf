import { BroadcastChannel, threadId } from 'node:worker_threads'

/** What a test can make a room's thread do: the ways in which threads really end. */
export type Misbehaviour = 'throw' | 'reject' | 'exit' | 'hang' | 'overfill'

const channelOf = (room: string) => `penstock-test-${process.pid}-${room}`

/** Makes this thread do what `order` says. For a test's own room entries. */
export function obeyOrders(room: string): void {
  const channel = new BroadcastChannel(channelOf(room))
  channel.onmessage = (event) => misbehave((event as { data: Misbehaviour }).data)
  channel.unref()
}

/** Orders every present thread of the room to misbehave. */
export function order(room: string, what: Misbehaviour): void {
  const channel = new BroadcastChannel(channelOf(room))
  channel.postMessage(what)
  setTimeout(() => channel.close(), 100)
}

const ways: Record<Misbehaviour, () => void> = {
  throw: () => {
    setImmediate(() => {
      throw new Error(`thread ${threadId} was told to throw`)
    })
  },
  reject: () => {
    void Promise.reject(new Error(`thread ${threadId} was told to reject`))
  },
  exit: () => process.exit(3),
  hang: () => {
    for (;;);
  },
  overfill: () => {
    // Many small objects, as a leak makes them; between them the thread still answers.
    const hoard: object[] = []
    setInterval(() => {
      for (let at = 0; at < 100_000; at++) hoard.push({ at, text: `${at}` })
    }, 20)
  },
}

function misbehave(what: Misbehaviour): void {
  ways[what]()
}
