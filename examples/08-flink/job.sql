-- Raw requests of a topic, one message each, become one row per group, outcome and ten seconds, as Auspex's source `kafka` takes them as they are.
--   sql-client.sh -f job.sql
-- Change the brokers and topics here; the time zone is that of nothing but the text of `at`.

SET 'table.local-time-zone' = 'UTC';
-- A row is seen by who reads committed messages after the checkpoint that follows it.
SET 'execution.checkpointing.interval' = '10 s';

CREATE TABLE requests (
  `time` TIMESTAMP_LTZ(3),
  tenant STRING,
  status INT,
  outcome AS CASE
    WHEN status IN (429, 503) THEN 'throttled'
    WHEN status IN (408, 504) THEN 'timed-out'
    WHEN status >= 500 THEN 'failed'
    ELSE 'served'
  END,
  -- A request may be this late; a later one is not counted.
  WATERMARK FOR `time` AS `time` - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'requests',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'usage-per-10s',
  'scan.startup.mode' = 'group-offsets',
  'properties.auto.offset.reset' = 'earliest',
  -- A partition without requests holds up the windows of the others for so long.
  'scan.watermark.idle-timeout' = '10 s',
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601',
  'json.ignore-parse-errors' = 'true'
);

CREATE TABLE `usage` (
  `at` STRING,
  kind STRING,
  `group` STRING,
  outcome STRING,
  `count` BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'usage',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'format' = 'json',
  -- Rows of one group lie in one partition, in the order of time.
  'key.format' = 'raw',
  'key.fields' = 'group',
  -- What is written twice is counted twice.
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'usage-per-10s',
  'properties.transaction.timeout.ms' = '600000'
);

INSERT INTO `usage`
SELECT
  DATE_FORMAT(window_start, 'yyyy-MM-dd''T''HH:mm:ss''Z''') AS `at`,
  'request' AS kind,
  tenant AS `group`,
  outcome,
  COUNT(*) AS `count`
FROM TABLE(TUMBLE(TABLE requests, DESCRIPTOR(`time`), INTERVAL '10' SECOND))
WHERE tenant IS NOT NULL
GROUP BY window_start, window_end, tenant, outcome;
