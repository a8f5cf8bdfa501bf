import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { conformanceUnits, serverProfiles } from '../../../src/opcua/profiles.ts'
import { roomSettings } from '../../support/opcua-room.ts'

/** The file of integration tests that proves a unit, and words of a title in it. */
const proofs: Readonly<Record<(typeof conformanceUnits)[number], readonly [string, string]>> = {
  'Attribute Historical Read': ['opcua-history', 'two nodes in one request are both read backward'],
  'Attribute Historical Update': ['opcua-history-update', 'inserts where there is none'],
  'Attribute Read': ['opcua-conformance-attribute', '§5.11.2 Read'],
  'Base Info Core Structure': ['opcua-conformance-view', '§6.3.2 ServerCapabilities'],
  'Base Info GetMonitoredItems Method': ['opcua-conformance-method', 'for a subscription of somebody else'],
  'Base Info History Read Capabilities': ['opcua-history', 'HistoryServerCapabilities say that data can be read'],
  'Base Info History ReadData Capabilities': ['opcua-history', 'HistoryServerCapabilities say that data can be read'],
  'Base Info History UpdateData Capabilities': ['opcua-history', 'data can be read and changed'],
  'Data Access AnalogItemType': ['opcua-model', 'carries its UNECE unit code and its range'],
  'Data Access DataItems': ['opcua-model', 'carries the range of its instrument and its precision'],
  'Data Access PercentDeadband': ['opcua-model', 'can be monitored with a percent deadband'],
  'Discovery Find Servers Self': ['opcua-conformance-discovery', 'names the server itself'],
  'Discovery Get Endpoints': ['opcua-conformance-discovery', '§5.5.4 GetEndpoints'],
  'Discovery Register': ['opcua-conformance-discovery', 'registers at a local discovery server'],
  'Historical Access Delete Value': ['opcua-history-update', 'DeleteRaw deletes from the start to the end'],
  'Historical Access Insert Value': ['opcua-history-update', 'inserts where there is none'],
  'Historical Access Read Raw': ['opcua-history', '§6.5.3 ReadRaw'],
  'Historical Access Replace Value': ['opcua-history-update', 'replaces only what there is'],
  'Historical Access Time Instance': ['opcua-history-processed', '§6.5.5 ReadAtTime'],
  'Historical Access Update Value': ['opcua-history-update', 'and updates in either case'],
  'Method Call': ['opcua-conformance-method', '§5.12.2 Call'],
  'Monitor Basic': ['opcua-conformance-monitored-item', '§5.13.2 CreateMonitoredItems'],
  'Monitored Items Deadband Filter': ['opcua-conformance-monitored-item', 'badFilters'],
  'Monitor Value Change': ['opcua-values', 'arrive with their status and the source time'],
  'Protocol Reverse Connect Server': ['opcua-reverse-connect', 'a client that cannot reach the server is called'],
  'Protocol UA TCP': ['opcua-security', 'who may connect'],
  'Security User Name Password': ['opcua-users', 'over every policy and mode'],
  'Security User X509': ['opcua-users', 'a certificate of a user'],
  'Session Base': ['opcua-conformance-session', '§5.7.2 CreateSession'],
  'Session Cancel': ['opcua-conformance-session', '§5.7.5 Cancel'],
  'Session General Service Behaviour': ['opcua-conformance-session', 'a service without a session'],
  'Subscription Basic': ['opcua-conformance-subscription', '§5.14.2 CreateSubscription'],
  'Subscription Transfer': ['opcua-conformance-subscription', '§5.14.7 TransferSubscriptions'],
  'UA Binary Encoding': ['opcua-values', 'the values of the plant'],
  'UA Secure Conversation': ['opcua-security', 'who may connect'],
  'View Basic': ['opcua-conformance-view', '§5.9.2 Browse'],
  'View RegisterNodes': ['opcua-conformance-view', '§5.9.5 RegisterNodes'],
  'View TranslateBrowsePath': ['opcua-conformance-view', '§5.9.4 TranslateBrowsePathsToNodeIds'],
}

describe('what the server claims', () => {
  it.each(conformanceUnits)('the unit %s is proved by a test', (unit) => {
    const [file, title] = proofs[unit]

    expect(readFileSync(join(import.meta.dirname, `../../integration/${file}.test.ts`), 'utf8')).toContain(title)
  })

  it('as profiles are the policies it is set to, and nothing that it does not do', () => {
    const profiles = serverProfiles(roomSettings('', { securityPolicies: ['Aes256_Sha256_RsaPss'] }))

    expect(profiles).toContain('http://opcfoundation.org/UA/SecurityPolicy#Aes256_Sha256_RsaPss')
    expect(profiles.join()).not.toMatch(/Basic256Sha256|Standard|HistoricalModified|HistoricalEvent|Redundancy|Query/)
  })
})
