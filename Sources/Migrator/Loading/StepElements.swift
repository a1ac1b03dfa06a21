import AgoraStore

/// The steps of workflows by their ids, with the `steps` of each workflow taken apart once for all that is
/// asked of it.
///
/// They lie in tables of the connection's own, since one workflow may have any number of them and rows may
/// ask for those of several by turns. Triggers take out what is written meanwhile.
final class StepElements {
  private let connection: Connection
  private var isReady = false
  /// The workflow of few steps that was asked for last; they count while it is marked.
  private var last: (workflow: String, steps: [String: JSON])?

  init(_ connection: Connection) { self.connection = connection }

  private func begin() throws {
    guard !isReady else { return }
    try connection.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS step_elements(workflow_id TEXT, step_id TEXT, json TEXT,
        PRIMARY KEY(workflow_id, step_id)) WITHOUT ROWID;
      CREATE TEMP TABLE IF NOT EXISTS born_steps(step_id TEXT PRIMARY KEY, workflow_id TEXT) WITHOUT ROWID;
      DELETE FROM temp.step_elements;
      DELETE FROM temp.born_steps;
      """, name: "step_elements.create")
    for (kind, event, row) in [
      ("i", "INSERT", "NEW"), ("u", "UPDATE OF steps", "OLD"), ("d", "DELETE", "OLD"),
    ] {
      try connection.execute(
        """
        CREATE TEMP TRIGGER IF NOT EXISTS step_elements_\(kind) AFTER \(event) ON main.workflows BEGIN
          DELETE FROM step_elements WHERE workflow_id=\(row).workflow_id;
          DELETE FROM born_steps WHERE step_id='\(Self.mark)'; END
        """, name: "step_elements.follow")
    }
    isReady = true
  }

  /// Stands in the place of a step's id where everything has been taken apart that there is.
  private static let mark = ""
  /// Says of a workflow that its steps lie in the table.
  private static let collected = "collected"
  private static let few = 64

  // MARK: steps of a workflow

  private static let select = Query(
    "step_elements.of", "SELECT json FROM temp.step_elements WHERE workflow_id=?1 AND step_id=?2")
  // What two elements of one id say, the first one says.
  private static let insert = Query(
    "step_elements.insert", "INSERT OR IGNORE INTO temp.step_elements VALUES(?1,?2,?3)")

  /// The step of an id; nil where the workflow has none.
  func element(_ id: String, of workflow: String) throws -> JSON? {
    try begin()
    if let last, last.workflow == workflow, try text(Self.mark, of: workflow) != nil {
      return last.steps[id]
    }
    if let known = try text(id, of: workflow) { return try JSON.parse(known) }
    guard try text(Self.mark, of: workflow) != Self.collected else { return nil }
    return try collect(workflow)[id] ?? text(id, of: workflow).map { try JSON.parse($0) }
  }

  /// Takes a workflow's steps apart.
  ///
  /// - Returns: the steps where they are few: they cost less to take apart again, when another workflow has
  ///   been asked for meanwhile, than to keep.
  private func collect(_ workflow: String) throws -> [String: JSON] {
    let steps = try WorkflowSteps.elements(of: workflow, in: connection)
    let areFew = steps.count <= Self.few
    try connection.run(
      Self.insert, .text(workflow), .text(Self.mark), .text(areFew ? "" : Self.collected))
    var byID: [String: JSON] = [:]
    for step in steps {
      guard let id = step["step_id"]?.text else { continue }
      if !areFew {
        try connection.run(
          Self.insert, .text(workflow), .text(id), .text(JSONWriter.compact(step)))
      } else if byID[id] == nil {
        byID[id] = step
      }
    }
    if areFew { last = (workflow, byID) }
    return byID
  }

  /// The step of an id; nil where the workflow has none.
  func element(_ id: String, of workflow: [UInt8]) throws -> JSON? {
    try element(id, of: String(decoding: workflow, as: UTF8.self))
  }

  private func text(_ id: String, of workflow: String) throws -> String? {
    try connection.first(Self.select, .text(workflow), .text(id), map: { $0.text(0) })
  }

  // MARK: steps that v5 has written

  private static let collect: [Query] = [
    Query("born_steps.empty", "DELETE FROM temp.born_steps"),
    Query("born_steps.mark", "INSERT INTO temp.born_steps VALUES('\(mark)',NULL)"),
    Query(
      "born_steps.collect",
      """
      INSERT OR IGNORE INTO temp.born_steps SELECT s.id, s.workflow_id FROM (
        SELECT iif(j.type='object', json_extract(j.value,'$.step_id'), NULL) AS id, w.workflow_id
        FROM main.workflows w, json_each(iif(json_valid(w.steps), w.steps, '[]')) j) s
      WHERE \(BornOnV5.condition(on: "s.id"))
      """),
  ]
  private static let isCollected = Query(
    "born_steps.any", "SELECT EXISTS(SELECT 1 FROM temp.born_steps WHERE step_id='\(mark)')")
  private static let place = Query(
    "born_steps.of", "SELECT workflow_id FROM temp.born_steps WHERE step_id=?1")

  /// SQL for the ids of all of them, once ``collectBorn()`` has found them.
  static let born = "(SELECT step_id FROM temp.born_steps)"

  /// Finds them, if they are not known.
  func collectBorn() throws {
    try begin()
    guard try connection.integer(Self.isCollected) == 0 else { return }
    for query in Self.collect { try connection.run(query) }
  }

  /// The workflow that a step stands in which v5 has written; nil where there is none of that id, or v5 did
  /// not give it.
  func workflow(ofBorn id: String) throws -> String? {
    guard BornOnV5.isGiven(id) else { return nil }
    try collectBorn()
    return try connection.first(Self.place, .text(id), map: { $0.text(0) })
  }

  /// A step that v5 has written, as v5 has it.
  ///
  /// - Parameter place: the workflow that it stands in most likely; all are looked at where it does not.
  func born(_ id: String, near place: [UInt8]?) throws -> JSON? {
    if let place, let found = try element(id, of: place) { return found }
    return try workflow(ofBorn: id).flatMap { try element(id, of: $0) }
  }
}
