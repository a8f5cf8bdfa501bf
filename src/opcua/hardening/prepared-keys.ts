import { createSecretKey, type KeyObject } from 'node:crypto'
import { TokenStack } from 'node-opcua'
import { patchMethod } from './patch-method.ts'

interface SymmetricKeys {
  encryptingKey: Buffer | KeyObject
}

interface TokenKeys {
  readonly derivedClientKeys: SymmetricKeys | null
  readonly derivedServerKeys: SymmetricKeys | null
}

/**
 * The keys of a SecurityToken are made ready once. To each chunk that it encrypts or decrypts, node-opcua brings them as
 * bytes, of which Node finds out by two exceptions that they are no keys yet: more than encrypting the chunk costs.
 */
export function prepareKeysOnce(): void {
  patchMethod(TokenStack.prototype, 'pushNewToken', 'prepare keys once', (original) => {
    return function (this: TokenStack, token: object, keys: TokenKeys | null) {
      for (const each of [keys?.derivedClientKeys, keys?.derivedServerKeys]) {
        if (each && Buffer.isBuffer(each.encryptingKey)) each.encryptingKey = createSecretKey(each.encryptingKey)
      }
      return original.call(this, token, keys)
    }
  })
}
