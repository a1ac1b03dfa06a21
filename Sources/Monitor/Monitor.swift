// The room of the migration report: who is still on v4, and when it can be switched off. Nothing is
// built here yet, and no command claims that it is; ARCHITECTURE.md says what will come.
