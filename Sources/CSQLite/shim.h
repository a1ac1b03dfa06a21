// The system's SQLite. This folder is the only place where the package meets C headers of its own
// choosing; everything above it goes through AgoraStore/SQLite.
#include <sqlite3.h>
