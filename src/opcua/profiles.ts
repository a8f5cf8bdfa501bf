import type { SecurityPolicyName } from '../config/opcua-choices.ts'
import type { OpcuaSettings } from './settings.ts'

const PROFILE = 'http://opcfoundation.org/UA-Profile/'

const policyProfiles: Readonly<Record<SecurityPolicyName, string>> = {
  Basic256Sha256: 'http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256',
  Aes128_Sha256_RsaOaep: 'http://opcfoundation.org/UA/SecurityPolicy#Aes128_Sha256_RsaOaep',
  Aes256_Sha256_RsaPss: 'http://opcfoundation.org/UA/SecurityPolicy#Aes256_Sha256_RsaPss',
}

/**
 * What ConformanceUnits claims (OPC 10000-7 §4.2): units of the profiles below that a test of ours proves, in files
 * `test/integration/opcua-conformance-*` and those of history, values, security and limits.
 */
export const conformanceUnits = [
  'Attribute Read',
  'Base Info Core Structure',
  'Base Info GetMonitoredItems Method',
  'Data Access AnalogItems',
  'Data Access DataItems',
  'Data Access PercentDeadband',
  'Discovery Find Servers Self',
  'Discovery Get Endpoints',
  'Discovery Register',
  'Historical Access Read Raw',
  'Method Call',
  'Monitor Basic',
  'Monitor Items Deadband Filter',
  'Monitor Value Change',
  'Protocol UA TCP',
  'Security User Name Password',
  'Session Base',
  'Session Cancel',
  'Session General Service Behaviour',
  'Subscription Basic',
  'Subscription Transfer',
  'UA Binary Encoding',
  'UA Secure Conversation',
  'View Basic',
  'View RegisterNodes',
  'View TranslateBrowsePath',
] as const

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
