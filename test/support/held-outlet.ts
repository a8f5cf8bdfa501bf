import type { CommandOutlet, Delivery, OutgoingCommand, SentCommand } from '../../src/core/command-outlet.ts'

interface Held {
  readonly command: OutgoingCommand
  readonly signal: AbortSignal
  readonly resolve: (delivery: Delivery) => void
}

/** An outlet whose devices answer when a test says so. */
export class HeldOutlet implements CommandOutlet {
  /** Everything that went out, in order. */
  readonly sent: OutgoingCommand[] = []
  readonly followed: SentCommand[] = []
  readonly held = new Map<string, Held>()
  /** Called when something goes out. */
  onSend: (command: OutgoingCommand) => void = () => undefined
  refusal: ReturnType<CommandOutlet['check']>
  recalls = true

  check(): ReturnType<CommandOutlet['check']> {
    return this.refusal
  }

  send(command: OutgoingCommand, signal: AbortSignal): Promise<Delivery> {
    if (this.held.has(command.device)) throw new Error(`${command.device} is sent two commands at once`)
    this.sent.push(command)
    this.onSend(command)
    return new Promise((resolve) => this.held.set(command.device, { command, signal, resolve }))
  }

  follow(commands: readonly SentCommand[]): void {
    this.followed.push(...commands)
  }

  async recall(): Promise<boolean> {
    return this.recalls
  }

  /** What became of the command that the device is being sent. */
  answer(device: string, delivery: Partial<Delivery> & Pick<Delivery, 'state'>): boolean {
    const held = this.held.get(device)
    if (!held) return false
    this.held.delete(device)
    held.resolve({ reason: '', ...delivery })
    return true
  }

  /** Whatever was under way is forgotten, as by a process that ends. */
  forget(): void {
    this.held.clear()
  }
}

/** An outlet whose devices confirm at once. */
export class PromptOutlet implements CommandOutlet {
  readonly sent: OutgoingCommand[] = []

  check(): undefined {
    return undefined
  }

  async send(command: OutgoingCommand): Promise<Delivery> {
    this.sent.push(command)
    return { state: 'confirmed', reason: '' }
  }
}
