import AgoraStore

/// Rows of one id that stand beside each other, where the id does not say which row is which.
extension RepeatSettler {
  /// A list may name an agent several times, and each entry says more of it, with tasks and workflows of
  /// its own: the entries are rows beside each other, told apart by their number in the place of an epoch.
  ///
  /// One that is there already is that one; the others are newer texts of those left, in order, or new.
  func settleEntries(
    _ rows: [Repeated], _ table: StagedTable, _ known: [Known]
  ) throws {
    let left = try context.isRetrying ? known.filter { try context.isGone($0.row) } : known
    var next = (known.map(\.epoch).max() ?? -1) + 1
    var same: [[UInt8]: [Int]] = [:]
    for index in left.indices.reversed() { same[left[index].digest, default: []].append(index) }
    var kept: Set<Int> = []
    var changed: [Repeated] = []
    for row in rows {
      if let index = same[row.digest]?.popLast() {
        try respellings.take(row.row, as: left[index].row)
        try keep(row.row, table, as: left[index])
        kept.insert(index)
      } else {
        changed.append(row)
      }
    }
    var older = left.indices.filter { !kept.contains($0) }.makeIterator()
    for row in changed {
      if let index = older.next() {
        try replace(left[index], by: row.row, table)
      } else {
        if next > 0 { try rename(row.row, table, epoch: next) }
        next += 1
      }
    }
  }

  /// Rows without an id of their own may bear one of another table (`agent_id`): those that share it and say
  /// different things are different rows, even where they agree in all that never changes.
  ///
  /// One that is there already is that one; the others are newer texts of those left that agree with them in
  /// what never changes, in order, or new.
  func settleBorrowers(
    _ rows: [Repeated], _ table: StagedTable, _ known: [Known], nextEpoch: inout Int
  ) throws {
    var there: [[UInt8]: Known] = [:]
    var left: [[UInt8]: Known] = [:]
    for entry in known {
      // Rejects that are tried once more are beside what v4 has.
      if try !context.isRetrying || context.isGone(entry.row) {
        left[entry.digest] = entry
      } else {
        there[entry.digest] = entry
      }
    }
    var changed: [Repeated] = []
    for row in rows {
      if let same = there[row.digest] {
        try keep(row.row, table, as: same)
      } else if let same = left.removeValue(forKey: row.digest) {
        try respellings.take(row.row, as: same.row)
        there[row.digest] = same
        try keep(row.row, table, as: same)
      } else {
        there[row.digest] = Known(
          row: row.row.row, epoch: 0, isStored: false, fingerprint: row.fingerprint,
          digest: row.digest)
        changed.append(row)
      }
    }
    var older: [[UInt8]: [Known]] = [:]
    for entry in known.reversed() where left[entry.digest]?.row == entry.row {
      older[entry.fingerprint, default: []].append(entry)
    }
    for row in changed {
      if let known = older[row.fingerprint]?.popLast() {
        try replace(known, by: row.row, table)
      } else {
        if nextEpoch > 0 {
          context.epochs += 1
          try rename(row.row, table, epoch: nextEpoch)
        }
        nextEpoch += 1
      }
    }
  }
}
