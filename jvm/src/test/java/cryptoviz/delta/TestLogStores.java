package cryptoviz.delta;

import io.delta.storage.LogStore;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.delta.storage.DelegatingLogStore;

/** LogStores by class name, as Delta opens them. */
final class TestLogStores {
  private TestLogStores() {}

  /** {@code default} is the one that Delta takes for {@code file:} when none is set. */
  static LogStore open(String name, Configuration conf) throws ReflectiveOperationException {
    String className =
        name.equals("default")
            ? DelegatingLogStore.getDefaultLogStoreClassName("file")
                .getOrElse(DelegatingLogStore::defaultHDFSLogStoreClassName)
            : name;
    return (LogStore) Class.forName(className).getConstructor(Configuration.class).newInstance(conf);
  }
}
