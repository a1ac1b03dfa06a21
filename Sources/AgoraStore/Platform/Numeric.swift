#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The functions of the system's mathematical library that are used.
package enum Numeric {
  /// The natural logarithm.
  package static func log(_ value: Double) -> Double {
    #if canImport(Glibc)
      Glibc.log(value)
    #else
      Darwin.log(value)
    #endif
  }

  /// e to a power.
  package static func exp(_ value: Double) -> Double {
    #if canImport(Glibc)
      Glibc.exp(value)
    #else
      Darwin.exp(value)
    #endif
  }
}
