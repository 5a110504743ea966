package cryptoviz.delta;

import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.delta.DeltaLog;
import org.apache.spark.sql.delta.DeltaOperations;
import org.apache.spark.sql.delta.OptimisticTransaction;
import org.apache.spark.sql.delta.Snapshot;
import org.apache.spark.sql.delta.VersionChecksum;
import org.apache.spark.sql.delta.actions.Action;
import org.apache.spark.sql.delta.actions.SetTransaction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Appends rows to a Delta table and moves its position, in one commit or not at all.
 *
 * <p>The position of a table is its {@code txn} actions: per app id the next offset to take in. An append names the
 * position that it starts from; if that is not the table's, before or during the append, nothing is committed.
 */
public final class PositionedAppend {
  /** What an app id that the table has never seen counts as. */
  public static final long ABSENT = -1L;

  private final SparkSession spark;
  private final String tableUri;
  private final Map<String, ? extends Number> expected;

  private PositionedAppend(SparkSession spark, String tableUri, Map<String, ? extends Number> expected) {
    this.spark = spark;
    this.tableUri = tableUri;
    this.expected = expected;
  }

  /**
   * Returns the version of the commit that holds all of {@code rows} (null: none) and {@code advanced}.
   *
   * <p>The values are any {@link Number}, because py4j sends small integers as Integer and large ones as Long.
   *
   * @throws PositionConflictException when a position is not, or does not stay, as expected
   * @throws IllegalArgumentException when there is no table, or a column of the rows is not the table's
   */
  public static long append(
      SparkSession spark,
      String tableUri,
      Dataset<Row> rows,
      Map<String, ? extends Number> expected,
      Map<String, ? extends Number> advanced) {
    return new PositionedAppend(spark, tableUri, expected).commit(rows, advanced);
  }

  private long commit(Dataset<Row> rows, Map<String, ? extends Number> advanced) {
    // Through URI, because Path takes the text of a URI literally: `%20` would be part of the name.
    DeltaLog log = DeltaLog.forTable(spark, new Path(URI.create(tableUri)));
    OptimisticTransaction txn = log.startTransaction(Option.empty(), Option.empty());
    if (txn.readVersion() < 0) {
      throw new IllegalArgumentException("no Delta table at " + tableUri);
    }
    // What txnVersion does: from here on, a commit by anyone that moves one of these app ids is a conflict.
    expected.keySet().forEach(appId -> txn.readTxn().addOne(appId));
    requireExpected(txn.snapshot(), null);
    List<Action> actions = new ArrayList<>();
    if (rows != null) {
      requireColumns(rows.schema(), txn.metadata().schema());
      actions.addAll(CollectionConverters.asJava(txn.writeFiles(rows)));
    }
    Option<Object> now = Option.apply(log.clock().getTimeMillis());
    advanced.forEach((appId, offset) -> actions.add(new SetTransaction(appId, offset.longValue(), now)));
    try {
      return txn.commit(CollectionConverters.asScala(actions).toSeq(), appendOperation());
    } catch (org.apache.spark.sql.delta.ConcurrentTransactionException race) {
      requireExpected(log.update(false, Option.empty(), Option.empty()), race);
      throw race;
    }
  }

  private void requireExpected(Snapshot snapshot, Throwable cause) {
    Map<String, Long> positions = readPositions(snapshot);
    expected.forEach(
        (appId, offset) -> {
          long found = positions.getOrDefault(appId, ABSENT);
          if (found != offset.longValue()) {
            throw new PositionConflictException(tableUri, appId, offset.longValue(), found, cause);
          }
        });
  }

  // The checksum file that Spark writes beside each of its commits lists the txn actions, up to a hundred. Without it
  // (delta-rs writes none) Delta replays the log, in three Spark jobs.
  private static Map<String, Long> readPositions(Snapshot snapshot) {
    Option<Seq<SetTransaction>> known = snapshot.checksumOpt().flatMap(VersionChecksum::setTransactions);
    Map<String, Long> positions = new HashMap<>();
    CollectionConverters.asJava(known.getOrElse(snapshot::setTransactions))
        .forEach(txn -> positions.put(txn.appId(), txn.version()));
    return positions;
  }

  // writeFiles takes any type under a known name and writes files that no reader can then open.
  private void requireColumns(StructType rows, StructType table) {
    for (StructField column : rows.fields()) {
      if (!table.getFieldIndex(column.name()).isDefined()) {
        throw new IllegalArgumentException("table " + tableUri + " has no column " + column.name());
      }
      DataType type = table.apply(column.name()).dataType();
      if (!DataType.equalsIgnoreNullability(column.dataType(), type)) {
        throw new IllegalArgumentException(
            String.format(
                "table %s column %s is %s, not %s",
                tableUri, column.name(), type.simpleString(), column.dataType().simpleString()));
      }
    }
  }

  private static DeltaOperations.Operation appendOperation() {
    return new DeltaOperations.Write(
        SaveMode.Append,
        Option.empty(),
        Option.empty(),
        Option.empty(),
        Option.empty(),
        Option.empty(),
        Option.empty(),
        Option.empty(),
        Option.empty());
  }
}
