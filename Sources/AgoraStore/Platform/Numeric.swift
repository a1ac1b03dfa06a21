#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Arithmetic that needs the system's mathematical library, or that no number stops.
package enum Numeric {
  /// A sum that stays at the largest or smallest number instead of passing it: a damaged store may hold
  /// any number.
  package static func sum(_ first: Int, _ second: Int) -> Int {
    let (sum, overflows) = first.addingReportingOverflow(second)
    guard overflows else { return sum }
    return second < 0 ? .min : .max
  }

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
