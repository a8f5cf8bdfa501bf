import type { SecurityPolicyName } from '../config/opcua-choices.ts'
import type { OpcuaSettings } from './settings.ts'

const PROFILE = 'http://opcfoundation.org/UA-Profile/'

const policyProfiles: Readonly<Record<SecurityPolicyName, string>> = {
  Basic256Sha256: 'http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256',
  Aes128_Sha256_RsaOaep: 'http://opcfoundation.org/UA/SecurityPolicy#Aes128_Sha256_RsaOaep',
  Aes256_Sha256_RsaPss: 'http://opcfoundation.org/UA/SecurityPolicy#Aes256_Sha256_RsaPss',
}

/**
 * What ConformanceUnits claims (OPC 10000-7 §4.2): units of the profiles below that a test of ours proves. Which one, says
 * `test/unit/opcua/profiles.test.ts` of each.
 */
export const conformanceUnits = [
  'Attribute Historical Read',
  'Attribute Historical Update',
  'Attribute Read',
  'Base Info Core Structure',
  'Base Info GetMonitoredItems Method',
  'Base Info History Read Capabilities',
  'Base Info History ReadData Capabilities',
  'Base Info History UpdateData Capabilities',
  'Data Access AnalogItemType',
  'Data Access DataItems',
  'Data Access PercentDeadband',
  'Discovery Find Servers Self',
  'Discovery Get Endpoints',
  'Discovery Register',
  'Historical Access Delete Value',
  'Historical Access Insert Value',
  'Historical Access Read Raw',
  'Historical Access Replace Value',
  'Historical Access Time Instance',
  'Historical Access Update Value',
  'Method Call',
  'Monitor Basic',
  'Monitored Items Deadband Filter',
  'Monitor Value Change',
  'Protocol Reverse Connect Server',
  'Protocol UA TCP',
  'Security User Name Password',
  'Security User X509',
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
 * What ServerProfileArray claims (OPC 10000-7): only what the gateway does, the facets of history by their names of 2022,
 * and raw data also by the former one, which older clients look for. Not Standard UA Server, of which not every unit is
 * tested here, nor what node-opcua's default list would claim beside.
 */
export function serverProfiles(settings: OpcuaSettings): string[] {
  return [
    `${PROFILE}Server/EmbeddedUA2017`,
    `${PROFILE}Server/DataAccess`,
    `${PROFILE}Server/HistoricalRawData`,
    `${PROFILE}Server/HistoricalRawData2022`,
    `${PROFILE}Server/HistoricalDataAtTime2022`,
    `${PROFILE}Server/HistoricalDataInsert2022`,
    `${PROFILE}Server/HistoricalDataReplace2022`,
    `${PROFILE}Server/HistoricalDataUpdate2022`,
    `${PROFILE}Server/HistoricalDataDelete2022`,
    `${PROFILE}Server/Methods`,
    `${PROFILE}Server/ReverseConnect`,
    `${PROFILE}Transport/uatcp-uasc-uabinary`,
    `${PROFILE}Security/UserToken/Server/UserNamePassword`,
    `${PROFILE}Security/UserToken/Server/X509Certificate`,
    ...settings.securityPolicies.map((name) => policyProfiles[name]),
  ]
}
