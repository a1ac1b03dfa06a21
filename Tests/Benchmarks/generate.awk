# Writes a v4 export as the benchmark needs it, one row a line: `awk -v rows=N -v delta=0 -f generate.awk`.
#
# Of 1,000 rows 20 are agents' (registrations and capabilities), 450 messages, 250 tasks, 60 workflows, 120 steps,
# 60 events and 40 audit entries. The counter restarts once: the last fifth of the messages has ids of the
# first. With delta=1 it is a later export: of each table every 50th row is changed, every 70th gone, and
# a fiftieth more is there. The same N gives the same bytes.

function text(i,   length_, out) {
  length_ = 20 + (i * 7919) % 180
  out = substr(words, 1 + (i * 31) % 100, length_)
  return out
}

function at(i) { return 1750000000000000 + i * 1000003 }

function agent(i) { return "agent-" (i * 7) % agents }

function row(table, i, changed) {
  if (table == "agent_registry")
    return sprintf("{\"agent_id\":\"reg_%d\",\"agent_name\":\"agent-%d\",\"status\":\"%s\",\"capabilities\":[\"search\",\"plan-%d\"],\"registered_at\":%.0f}", i, i, changed ? "paused" : "active", i % 9, at(i))
  if (table == "agent_capability")
    return sprintf("{\"capability_id\":\"cap_%d\",\"agent_id\":\"agent-%d\",\"capability_type\":\"kind-%d\",\"proficiency_level\":%d}", i, i % agents, i % 17, changed ? 9 : i % 9)
  if (table == "agent_message")
    return sprintf("{\"message_id\":\"msg_%d\",\"from_agent\":\"%s\",\"to_agent\":\"%s\",\"message_type\":\"info\",\"content\":\"%s %d\",\"status\":\"%s\",\"timestamp\":%.0f}", i % restart, agent(i), agent(i + 3), text(i), i, changed ? "read" : "sent", at(i))
  if (table == "task_assignment")
    return sprintf("{\"assignment_id\":\"task_%d\",\"agent_id\":\"%s\",\"workflow_id\":\"wf_%d\",\"task_type\":\"t%d\",\"description\":\"%s\",\"status\":\"%s\",\"created_at\":%.0f}", i, agent(i), (i * 13) % (workflows + 5), i % 11, text(i), changed ? "completed" : "assigned", at(i))
  if (table == "workflow_coordination")
    return sprintf("{\"workflow_id\":\"wf_%d\",\"name\":\"flow %d\",\"status\":\"%s\",\"created_at\":%.0f}", i, i, changed ? "completed" : "running", at(i))
  if (table == "workflow_step")
    return sprintf("{\"step_id\":\"step_%d\",\"workflow_id\":\"wf_%d\",\"step_name\":\"step %d\",\"step_order\":%d,\"assigned_agent\":\"%s\",\"status\":\"%s\"}", i, i % workflows, i, i % 4, agent(i), changed ? "completed" : "pending")
  if (table == "system_events")
    return sprintf("{\"event_id\":\"evt_%d\",\"event_type\":\"e%d\",\"source_agent\":\"%s\",\"data\":\"%s\",\"timestamp\":%.0f%s}", i, i % 5, agent(i), text(i), at(i), changed ? ",\"priority\":4" : "")
  return sprintf("{\"override_id\":\"ovr_%d\",\"user_id\":\"op\",\"target_id\":\"%s\",\"override_type\":\"pause\",\"action\":\"a%d\",\"timestamp\":%.0f}", i, agent(i), changed ? 7 : i % 7, at(i))
}

BEGIN {
  words = "the quick agent hands one plan to another and waits until its steps are done; then it reports what was found, with \\\"quotes\\\", accents like \\u00e9 and \\n new lines, so that no text is as plain as a benchmark would like it to be, and goes on with the next one"
  names = split("agent_registry agent_capability task_assignment agent_message workflow_step workflow_coordination system_events user_overrides", tables, " ")
  split("8 12 250 450 120 60 60 40", parts, " ")
  agents = int(rows * 8 / 1000) + 1
  workflows = int(rows * 60 / 1000) + 1
  restart = int(rows * 450 / 1000 * 0.8) + 1
  printf "{"
  for (t = 1; t <= names; t++) {
    count = int(rows * parts[t] / 1000) + 1
    if (delta) count += int(count / 50)
    printf "%s\"%s\":[", (t > 1 ? ",\n" : ""), tables[t]
    first = 1
    for (i = 0; i < count; i++) {
      if (delta && i % 70 == 69) continue
      printf "%s%s", (first ? "" : ",\n"), row(tables[t], i, delta && i % 50 == 7)
      first = 0
    }
    printf "]"
  }
  printf "}\n"
}
