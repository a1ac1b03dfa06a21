import AgoraStore

/// SQL that says a value of v5's as v4 spells it; what it is given is SQL too, but for keys.
enum LegacyColumn {
  /// An instant in microseconds, as text that sorts by time.
  static func instant(_ micros: String) -> String {
    """
    strftime('%Y-%m-%dT%H:%M:%S',\(micros)/1000000,'unixepoch')
      ||iif(\(micros)%1000000=0,'',printf('.%06d',\(micros)%1000000))||'+00:00'
    """
  }

  /// The name of the agent of an id.
  static func agent(_ id: String) -> String {
    "ifnull((SELECT agent_name FROM main.agents WHERE agent_id=\(id)),\(id))"
  }

  /// The names of the agents in a JSON array of ids.
  static func agents(_ ids: String) -> String {
    """
    (SELECT json_group_array(ifnull(p.agent_name,j.value)) FROM json_each(\(ids)) j
      LEFT JOIN main.agents p ON p.agent_id=j.value)
    """
  }

  /// The id by which v4 knows a record: the one that a call brought, that of its row, or v5's own.
  ///
  /// - Parameter given: where a call's id is kept.
  static func id(_ id: String, given: String, row: String) -> String {
    """
    coalesce(nullif(json_extract(\(given),'$.v4_id'),''),
      (SELECT v4_id FROM main.v4_rows WHERE row=\(row)),\(id))
    """
  }

  /// The id by which v4 knows the workflow in hand.
  static let ownWorkflow = """
    coalesce(nullif(json_extract(w.metadata,'$.v4_id'),''),
      (SELECT v4_id FROM main.v4_rows WHERE row=w.source_row),
      (SELECT name FROM main.v4_names WHERE v5_id=w.workflow_id AND kind='workflow' LIMIT 1),
      w.workflow_id)
    """

  /// The id by which v4 knows the workflow of an id.
  static func workflow(_ id: String) -> String {
    "ifnull((SELECT \(ownWorkflow) FROM main.workflows w WHERE w.workflow_id=\(id)),\(id))"
  }

  // MARK: what is kept

  /// What an object has under a key, out of the option around it (`docs/mapping.md`).
  static func value(_ object: String, _ key: String) -> String {
    let place = "\(object),'$.\(key)"
    return """
      CASE json_type(\(place)')
        WHEN 'object' THEN CASE
          WHEN json_type(\(place).some') IS NOT NULL THEN json_extract(\(place).some')
          WHEN json_type(\(place)."0"') IS NOT NULL THEN json_extract(\(place)."0"')
          WHEN json_type(\(place).none') IS NOT NULL OR json_type(\(place)."1"') IS NOT NULL THEN NULL
          ELSE json_extract(\(place)') END
        WHEN 'array' THEN CASE
          WHEN json_array_length(\(place)')<>2 THEN json_extract(\(place)')
          WHEN json_extract(\(place)[0]') IS 0 THEN json_extract(\(place)[1]')
          WHEN json_extract(\(place)[0]') IS 1 AND json_extract(\(place)[1]') IN ('[]','{}') THEN NULL
          ELSE json_extract(\(place)') END
        ELSE json_extract(\(place)') END
      """
  }

  /// What a record's metadata keep under a key: of a call of v4, or of an imported row.
  static func kept(_ metadata: String, _ key: String) -> String {
    "coalesce(\(value(metadata, key)),\(value(metadata, "v4." + key)))"
  }

  /// An instant that an object has under a key, in any of v4's spellings.
  static func time(_ object: String, _ key: String) -> String {
    """
    (SELECT CASE WHEN v IS NULL THEN NULL WHEN typeof(v)='integer' THEN \(instant("v"))
      WHEN v LIKE '[%' THEN \(instant("json_extract(v,'$[0]')"))
      WHEN v LIKE '{%' THEN \(instant("json_extract(v,'$.__timestamp_micros_since_unix_epoch__')"))
      WHEN v NOT GLOB '*[^0-9]*' THEN \(instant("CAST(v AS INTEGER)"))
      ELSE v END FROM (SELECT \(value(object, key)) AS v))
    """
  }

  /// Whether a value of v4's says yes; nothing where it says neither.
  static func truth(_ value: String) -> String {
    """
    (SELECT CASE WHEN lower(v) IN ('1','true','yes') THEN 1 WHEN lower(v) IN ('0','false','no') THEN 0
      END FROM (SELECT \(value) AS v))
    """
  }

  // MARK: words

  /// A priority of v5's as v4's number: what v4 has said, where that is still what it means.
  static func priority(_ rank: String, said: String) -> String {
    """
    (SELECT CASE WHEN said IS NULL THEN rank
      WHEN lower(said) IN ('emergency','critical') AND rank=4 THEN 5
      WHEN CAST(CAST(said AS INTEGER) AS TEXT)=CAST(said AS TEXT)
        AND min(4,max(1,CAST(said AS INTEGER)))=rank THEN CAST(said AS INTEGER)
      ELSE rank END FROM (SELECT \(said) AS said, \(rank) AS rank))
    """
  }

  /// A status of v5's as v4's word: what v4 has said, where that is still what it means.
  static func status(
    _ status: String, said: String, _ words: [String: String]
  ) -> String {
    let cases = words.sorted { $0.key < $1.key }.map { "WHEN '\($0.key)' THEN '\($0.value)'" }
    return """
      (SELECT iif(CASE lower(said) \(cases.joined(separator: " ")) END=status,said,status)
        FROM (SELECT \(said) AS said, \(status) AS status))
      """
  }
}
