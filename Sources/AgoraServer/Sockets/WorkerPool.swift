import AgoraStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A fixed number of threads that do work which waits, in the order in which it came.
///
/// How much can wait is bounded by who gives it: a connection has one piece of work out at a time.
final class WorkerPool: Sendable {
  /// What the threads share.
  ///
  /// Its queue is touched under its lock only, and its memory is given back when the last thread has let
  /// go of it: so it is Sendable.
  private final class Gate: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting: [@Sendable () -> Void] = []
    private var first = 0
    private var hasEnded = false
    private var threads = 0

    init() {
      pthread_mutex_init(lock, nil)
      pthread_cond_init(condition, nil)
    }

    deinit {
      pthread_cond_destroy(condition)
      pthread_mutex_destroy(lock)
      lock.deallocate()
      condition.deallocate()
    }

    func add(_ work: @escaping @Sendable () -> Void) {
      pthread_mutex_lock(lock)
      defer { pthread_mutex_unlock(lock) }
      waiting.append(work)
      pthread_cond_signal(condition)
    }

    func addThread() {
      pthread_mutex_lock(lock)
      defer { pthread_mutex_unlock(lock) }
      threads += 1
    }

    /// Lets the threads end, and waits for them for a moment: one that hangs must not hang us.
    func end() {
      pthread_mutex_lock(lock)
      defer { pthread_mutex_unlock(lock) }
      hasEnded = true
      pthread_cond_broadcast(condition)
      var until = timespec()
      clock_gettime(CLOCK_REALTIME, &until)
      until.tv_sec += 2
      while threads > 0, pthread_cond_timedwait(condition, lock, &until) == 0 {}
    }

    /// Waits for work; nil when there is none and none will come.
    func next() -> (@Sendable () -> Void)? {
      pthread_mutex_lock(lock)
      defer { pthread_mutex_unlock(lock) }
      while first == waiting.count {
        if hasEnded {
          threads -= 1
          pthread_cond_broadcast(condition)
          return nil
        }
        pthread_cond_wait(condition, lock)
      }
      let work = waiting[first]
      // What has been done lets go of its server at once, and with it of the store.
      waiting[first] = {}
      first += 1
      if first > 64, first * 2 > waiting.count {
        waiting.removeFirst(first)
        first = 0
      }
      return work
    }
  }

  private let gate = Gate()

  init(threads: Int) throws(SystemError) {
    for _ in 0..<max(1, threads) {
      gate.addThread()
      try SystemThread.start { [gate] in
        while let work = gate.next() { work() }
      }
    }
  }

  /// Gives work to the next thread that is free.
  func submit(_ work: @escaping @Sendable () -> Void) { gate.add(work) }

  /// Lets the threads end when nothing waits any more; then nothing of their work is held by them.
  func end() { gate.end() }
}
