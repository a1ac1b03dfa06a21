// The system's SQLite. This folder is the only place where the package meets C headers of its own
// choosing; everything above it goes through AgoraStore/SQLite.
#include <sqlite3.h>

/// Lets SQLite keep no account of the memory it takes: the account is behind one mutex for the whole
/// process, for which threads with connections of their own would wait at each allocation
/// (https://www.sqlite.org/c3ref/c_config_covering_index_scan.html#sqliteconfigmemstatus).
/// Swift cannot call C functions of variable arguments, so it is called here. Does nothing (`SQLITE_MISUSE`)
/// once SQLite has been initialized, by a program that embeds the package for instance.
static inline int csqlite_keep_no_memory_account(void) {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
