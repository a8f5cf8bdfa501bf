import { openHistoryDatabase } from '../../src/store/history-database.ts'
import { openPenstockDatabase } from '../../src/store/penstock-database.ts'

/** Opens one database of a data folder, as a start of the gateway does, and ends: `penstock` or `history`, and the folder. */
const [name = '', folder = ''] = process.argv.slice(2)
const open = name === 'penstock' ? openPenstockDatabase : openHistoryDatabase
open(folder).close()
