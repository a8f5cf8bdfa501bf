/** The part of nodes7 0.3.18 that `nodes7-codec.ts` and `nodes7-write.ts` use; most of it is private to the library. */
declare module 'nodes7' {
  class NodeS7 {
    constructor(options: { readonly silent: boolean })
    isoclient: { write(frame: Buffer): void }
    isoConnectionState: number
    maxPDU: number
    maxParallel: number
    globalTimeout: number
    doNotOptimize: boolean
    connectionParams: object
    polledReadBlockList: NodeS7.Item[]
    connectNow: () => void
    connectionReset: () => void
    resetNow: () => void
    readWriteError: () => void
    addItemsNow(addresses: string[]): void
    readAllItems(done: () => void): void
    clearReadPacketTimeouts(): void
    writeItems(address: string, value: unknown, done: (failed: boolean) => void): void
    clearWritePacketTimeouts(): void
    onResponse(frame: Buffer): void
  }

  namespace NodeS7 {
    interface Item {
      readonly byteLength: number
      /** Of the last reply: `OK`, or words that begin with BAD. */
      readonly quality: unknown
      arrayLength: number
      byteBuffer: Buffer
      qualityBuffer: Buffer
      writeBuffer: Buffer
      writeQualityBuffer: Buffer
    }
  }

  export = NodeS7
}
