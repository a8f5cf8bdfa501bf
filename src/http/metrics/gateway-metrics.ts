import { alarmNames } from '../../core/alarm.ts'
import { labelled, type Metric, one, type Series, type Snapshot, seconds } from './metric.ts'

const ofRooms =
  (value: (room: Snapshot['health']['rooms']['engine']) => number) =>
  ({ health }: Snapshot): readonly Series[] =>
    Object.entries(health.rooms).flatMap(([room, of]) => labelled({ room }, value(of)))

/** The gateway as a whole: its rooms, store, OPC UA server, disk and backups. */
export const gatewayMetrics: readonly Metric[] = [
  {
    name: 'penstock_build_info',
    help: 'Always 1; the label says which Penstock runs.',
    kind: 'gauge',
    series: ({ health }) => labelled({ version: health.version }, 1),
  },
  {
    name: 'penstock_ready',
    help: '1 while values are collected and clients can connect, as /readyz says.',
    kind: 'gauge',
    series: ({ health }) => one(health.ready),
  },
  {
    name: 'penstock_safe_mode',
    help: '1 while sources do not run because the gateway crashed again and again, or by hand.',
    kind: 'gauge',
    series: ({ health }) => one(health.safeMode !== null),
  },
  {
    name: 'penstock_alarm_active',
    help: '1 while this alarm of the gateway lasts.',
    kind: 'gauge',
    series: ({ health }) =>
      alarmNames.flatMap((alarm) =>
        labelled({ alarm }, Number(health.alarms.some(({ name, until }) => name === alarm && until === null))),
      ),
  },
  {
    name: 'penstock_waiting_commands',
    help: 'Commands that wait to be sent, of all devices.',
    kind: 'gauge',
    series: ({ health }) => one(health.engine?.commands.waiting),
  },
  {
    name: 'penstock_room_running',
    help: '1 while the room does its work. Rooms: engine (collecting), opcua (serving).',
    kind: 'gauge',
    series: ofRooms(({ state }) => Number(state === 'running')),
  },
  {
    name: 'penstock_room_restarts_total',
    help: 'Times that the room was started again because it died, hung or outgrew its memory.',
    kind: 'counter',
    series: ofRooms(({ restarts }) => restarts),
  },
  {
    name: 'penstock_tags',
    help: 'Tags of the plant that runs.',
    kind: 'gauge',
    series: ({ health }) => one(health.engine?.tags),
  },
  {
    name: 'penstock_merged_changes_total',
    help: 'Changes of values that were merged because the OPC UA room could not take them all.',
    kind: 'counter',
    series: ({ health }) => one(health.engine?.merged),
  },
  {
    name: 'penstock_store_ok',
    help: '1 while last values can be written to disk.',
    kind: 'gauge',
    series: ({ health }) => one(health.engine?.store.ok),
  },
  {
    name: 'penstock_store_last_commit_timestamp_seconds',
    help: 'When last values were written last, as seconds of the epoch.',
    kind: 'gauge',
    series: ({ health }) => one(seconds(health.engine?.store.lastCommitAt)),
  },
  {
    name: 'penstock_history_ok',
    help: '1 while history can be written, and fast enough.',
    kind: 'gauge',
    series: ({ health }) => one(health.engine?.store.history.ok),
  },
  {
    name: 'penstock_history_last_commit_timestamp_seconds',
    help: 'When history was written last, as seconds of the epoch.',
    kind: 'gauge',
    series: ({ health }) => one(seconds(health.engine?.store.history.lastCommitAt)),
  },
  {
    name: 'penstock_history_written_samples_total',
    help: 'Samples written to history.',
    kind: 'counter',
    series: ({ health }) => one(health.engine?.store.history.written),
  },
  {
    name: 'penstock_history_waiting_samples',
    help: 'Samples that wait to be written to history.',
    kind: 'gauge',
    series: ({ health }) => one(health.engine?.store.history.waiting),
  },
  {
    name: 'penstock_history_lost_samples_total',
    help: 'Samples that history does not have because too many waited.',
    kind: 'counter',
    series: ({ health }) => one(health.engine?.store.history.lost),
  },
  {
    name: 'penstock_history_slowest_commit_seconds',
    help: 'The longest that a commit has held up the engine since it started.',
    kind: 'gauge',
    series: ({ health }) => one(seconds(health.engine?.store.history.slowestCommitMs)),
  },
  {
    name: 'penstock_opcua_sessions',
    help: 'Sessions of OPC UA clients.',
    kind: 'gauge',
    series: ({ health }) => one(health.opcua?.sessions),
  },
  {
    name: 'penstock_opcua_subscriptions',
    help: 'Subscriptions of OPC UA clients.',
    kind: 'gauge',
    series: ({ health }) => one(health.opcua?.subscriptions),
  },
  {
    name: 'penstock_opcua_monitored_items',
    help: 'Monitored items of OPC UA clients.',
    kind: 'gauge',
    series: ({ health }) => one(health.opcua?.monitoredItems),
  },
  {
    name: 'penstock_opcua_engine_heard',
    help: '0 while the OPC UA server does not hear the engine: all values are then Uncertain.',
    kind: 'gauge',
    series: ({ health }) => one(health.opcua?.engineHeard),
  },
  {
    name: 'penstock_opcua_reverse_connections',
    help: 'OPC UA clients that the gateway calls (opcua.reverseConnect) and that are connected.',
    kind: 'gauge',
    series: ({ health }) => one(health.opcua?.reverseConnections.filter(({ state }) => state === 'connected').length),
  },
  {
    name: 'penstock_opcua_ending_certificates',
    help: 'Certificates that end within 30 days, or have ended: the own one of the OPC UA server, trusted ones and authorities.',
    kind: 'gauge',
    series: ({ health }) => one(health.opcua?.endingCertificates.length),
  },
  {
    name: 'penstock_data_folder_free_bytes',
    help: 'What can still be written to the disk of the data folder.',
    kind: 'gauge',
    series: ({ health }) => one(health.disk.freeBytes),
  },
  {
    name: 'penstock_data_folder_size_bytes',
    help: 'The size of the disk of the data folder.',
    kind: 'gauge',
    series: ({ health }) => one(health.disk.sizeBytes),
  },
  {
    name: 'penstock_backup_scheduled',
    help: '1 where backups are scheduled.',
    kind: 'gauge',
    series: ({ health }) => one(health.backup !== null),
  },
  {
    name: 'penstock_backup_last_success_timestamp_seconds',
    help: 'When the last backup of this run was made, as seconds of the epoch.',
    kind: 'gauge',
    series: ({ health }) => one(seconds(health.backup?.lastAt)),
  },
  {
    name: 'penstock_backup_failing',
    help: '1 where the last scheduled backup failed.',
    kind: 'gauge',
    series: ({ health }) => (health.backup ? one(health.backup.reason !== '') : []),
  },
]
