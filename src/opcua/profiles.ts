import type { SecurityPolicyName } from '../config/opcua-choices.ts'
import type { OpcuaSettings } from './settings.ts'

const PROFILE = 'http://opcfoundation.org/UA-Profile/'

const policyProfiles: Readonly<Record<SecurityPolicyName, string>> = {
  Basic256Sha256: 'http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256',
  Aes128_Sha256_RsaOaep: 'http://opcfoundation.org/UA/SecurityPolicy#Aes128_Sha256_RsaOaep',
  Aes256_Sha256_RsaPss: 'http://opcfoundation.org/UA/SecurityPolicy#Aes256_Sha256_RsaPss',
}

/**
 * What ServerProfileArray claims (OPC 10000-7): only what the gateway does. Not Standard UA Server, which asks for user
 * certificates, nor what node-opcua's default list would claim beside.
 */
export function serverProfiles(settings: OpcuaSettings): string[] {
  return [
    `${PROFILE}Server/EmbeddedUA2017`,
    `${PROFILE}Server/DataAccess`,
    `${PROFILE}Server/HistoricalRawData`,
    `${PROFILE}Server/Methods`,
    `${PROFILE}Transport/uatcp-uasc-uabinary`,
    `${PROFILE}Security/UserToken/Server/UserNamePassword`,
    ...settings.securityPolicies.map((name) => policyProfiles[name]),
  ]
}
