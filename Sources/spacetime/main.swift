import CompatProxy

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

// The door that legacy agents find on their PATH. Its translation is not built yet, and an agent must
// not mistake silence for success, so every call says so and fails.
let known = LegacyDatabase.allCases.map(\.rawValue).joined(separator: ", ")
let message = """
  spacetime: the drop-in for \(known) is not built yet; this call did nothing.
  What to do: keep the real `spacetime` first on your PATH.

  """
_ = message.utf8.withContiguousStorageIfAvailable { write(2, $0.baseAddress, $0.count) }
exit(1)
