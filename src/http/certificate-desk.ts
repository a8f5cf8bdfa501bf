import type {
  CertificateAnswer,
  CertificateChange,
  CertificateName,
  KnownCertificate,
  KnownRevocationList,
} from '../core/certificate.ts'
import type { Actor } from '../core/command.ts'

/** The certificates that the OPC UA room keeps; all reject with ROOM_UNAVAILABLE or TIMEOUT while there is none. */
export interface CertificateDesk {
  certificates(): Promise<readonly KnownCertificate[]>
  /** The revocation lists that count. */
  revocationLists(): Promise<readonly KnownRevocationList[]>
  /** As PEM; null: there is none of this thumbprint. */
  certificateText(which: CertificateName): Promise<string | null>
  changeCertificates(change: CertificateChange, by: Actor): Promise<CertificateAnswer>
}
