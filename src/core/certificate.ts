/** `application`: certificates of clients; `users`: those that users log in with. */
export const certificateStores = ['application', 'users'] as const
export type CertificateStoreName = (typeof certificateStores)[number]

/** `own`: the server's; `trusted`; `issuer`: an authority whose certificates are looked at; `rejected`; `revoked`. */
export type CertificatePlace = 'own' | 'trusted' | 'issuer' | 'rejected' | 'revoked'

/** A certificate that the gateway has or has seen. */
export interface KnownCertificate {
  readonly store: CertificateStoreName
  readonly place: CertificatePlace
  /** SHA-1 of the DER, 40 hexadecimal digits, as OPC UA names certificates (OPC 10000-6 §6.2.2). */
  readonly thumbprint: string
  /** Empty where the certificate cannot be read any more. */
  readonly subject: string
  /** Who signed it; its own subject where nobody else did. */
  readonly issuer: string
  /** The application that it is of (OPC 10000-6 §6.2.2), as the certificate says; empty: it names none. */
  readonly applicationUri: string
  /** It may sign others. */
  readonly isAuthority: boolean
  /** Milliseconds of the epoch; null where it cannot be read. */
  readonly validFrom: number | null
  readonly validTo: number | null
}

/** Which certificate of a store. */
export interface CertificateName {
  readonly store: CertificateStoreName
  readonly thumbprint: string
}

/** A revocation list (CRL) that counts: an authority that is known here has signed it. */
export interface KnownRevocationList {
  readonly store: CertificateStoreName
  /** The subject of its authority. */
  readonly authority: string
  /** Thumbprint of its authority. */
  readonly thumbprint: string
  /** When the file was put here, in milliseconds of the epoch. */
  readonly since: number
}

/** What an administrator can do with certificates; PEM or Base64 of DER where a new one is given. */
export type CertificateChange =
  /** Trusts one that was rejected or revoked. */
  | { readonly action: 'trust'; readonly store: CertificateStoreName; readonly thumbprint: string }
  /** Trusts this one; an authority, and with it what it issued, once there is its revocation list. */
  | { readonly action: 'add'; readonly store: CertificateStoreName; readonly certificate: string }
  /** Takes the trust away; it is as if it had never been trusted. */
  | { readonly action: 'reject'; readonly store: CertificateStoreName; readonly thumbprint: string }
  /** Never again, whoever issued it. */
  | { readonly action: 'revoke'; readonly store: CertificateStoreName; readonly thumbprint: string }
  /** The revocation list (CRL) of an authority, in place of its former one. */
  | { readonly action: 'crl'; readonly store: CertificateStoreName; readonly list: string }

/** All certificates after a change, or why it was refused, in words. */
export type CertificateAnswer = { readonly certificates: readonly KnownCertificate[] } | { readonly refused: string }

/** A certificate that ends soon, or has ended. */
export type EndingCertificate = KnownCertificate & { readonly validTo: number }
