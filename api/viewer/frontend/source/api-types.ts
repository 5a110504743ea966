// Types of the API's answers, as far as the page reads them.

export type Vector = Readonly<Record<string, readonly number[]>>;

export interface Freshness {
  readonly event_time: string | null;
  readonly event_age_seconds: number | null;
}

export interface TableSnapshot {
  readonly table: string;
  readonly version: number;
  readonly position: Vector;
  readonly freshness: Freshness;
}

export interface HistoryAnswer<Row> {
  readonly requete: { readonly marche?: { readonly venue: string; readonly quote: string } | null };
  readonly points: readonly Row[];
  readonly suivant: string | null;
  readonly snapshot: readonly TableSnapshot[];
}

export interface PriceBucketRow {
  readonly event_time: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly venue: string;
  readonly quote: string;
  readonly count: number;
  readonly origins: readonly string[];
  readonly complete: boolean;
}

export interface SentimentBucketRow {
  readonly event_time: string;
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly positive: number;
  readonly negative: number;
  readonly origins: readonly string[];
  readonly complete: boolean;
}

export interface PriceRow {
  readonly event_time: string;
  readonly venue: string;
  readonly quote: string;
  readonly price: number;
  readonly message_id: string;
  readonly origin: string;
}

export interface TextRow {
  readonly event_time: string;
  readonly score: number | null;
  readonly label: string;
  readonly p_negative: number | null;
  readonly p_neutral: number | null;
  readonly p_positive: number | null;
  readonly model: string;
  readonly source: string | null;
  readonly title: string | null;
  readonly url: string | null;
  readonly language: string | null;
  readonly terms: readonly string[] | null;
  readonly message_id: string;
  readonly origin: string;
  readonly story_id?: string | null;
  readonly n_sources?: number | null;
}

export interface ForecastRow {
  readonly made_at: string;
  readonly target_time: string;
  readonly horizon: string;
  readonly model: string;
  readonly predicted_price: number;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly nominal_coverage: number | null;
  readonly quantiles?: { readonly levels: readonly number[]; readonly values: readonly number[] } | null;
  readonly moves?: readonly { readonly threshold: number; readonly probability: number }[] | null;
  readonly realised_price?: number | null;
  readonly message_id: string;
  readonly origin: string;
}

export interface Asset {
  readonly symbol: string;
  readonly name: string | null;
  readonly first_event_time: string;
  readonly last_event_time: string;
  readonly origins: readonly string[];
}

export interface Lag {
  readonly table: string;
  readonly messages: number;
}

export interface Loss {
  readonly topic: string;
  readonly kafka_partition: number;
  readonly from_offset: number;
  readonly to_offset: number | null;
  readonly cause: string;
  readonly reason: string;
}

/** A page of assets; `suivant` is the path of the next one. */
export interface AssetList {
  readonly actifs: readonly Asset[];
  readonly suivant: string | null;
}

export interface LakeState {
  readonly tables: readonly {
    readonly table: string;
    readonly version: number;
    readonly rows: number;
    readonly freshness: Freshness;
  }[];
  readonly absentes: readonly string[];
  readonly kafka: { readonly known: boolean; readonly lag: readonly Lag[] };
  readonly losses: readonly Loss[];
}

export interface Score {
  readonly model: string;
  readonly model_version: string;
  readonly horizon: string;
  readonly data: "real" | "generated";
  readonly timeliness: "live" | "replay";
  readonly window: string;
  readonly n: number;
  readonly n_non_overlapping: number;
  readonly n_replay: number;
  readonly n_without_price: number;
  readonly origins: readonly string[];
  readonly mean_absolute_error: number | null;
  readonly random_walk_error: number | null;
  readonly relative_error: number | null;
  readonly direction: {
    readonly n: number;
    readonly accuracy: number;
    readonly low: number;
    readonly high: number;
  } | null;
  readonly diebold_mariano: { readonly statistic: number; readonly p_value: number } | null;
  readonly interval: { readonly n: number; readonly coverage: number; readonly nominal_coverage: number } | null;
  readonly beats_random_walk: boolean;
}

/** Probabilities of a move of more than `move`, and how often one happened where so much was stated. */
export interface EventScore {
  readonly move: number;
  readonly base_rate: number;
  readonly brier_skill: number;
  readonly p_value: number | null;
  readonly calibration_error: number;
  readonly reliability: readonly { readonly n: number; readonly stated: number; readonly happened: number }[];
}

/** How good the distributions of one model, horizon and kind of data were, beside references. */
export interface DistributionScore {
  readonly model: string;
  readonly model_version: string;
  readonly horizon: string;
  readonly data: "real" | "generated";
  readonly timeliness: "live" | "replay";
  readonly since: string;
  readonly until: string;
  readonly n: number;
  readonly n_apart: number;
  readonly comparisons: readonly { readonly reference: string; readonly score: string; readonly skill: number }[];
  readonly points: readonly { readonly loss: string; readonly ratio: number | null }[];
  readonly coverage: { readonly nominal: number; readonly share: number; readonly low: number; readonly high: number } | null;
  readonly events: readonly EventScore[];
  readonly verdicts: readonly {
    readonly reference: string;
    readonly verdict: "better" | "worse" | "undecided" | "too little data";
    readonly n: number;
    readonly n_needed: number;
    readonly shown_since: string | null;
  }[];
}

export interface SessionAnswer {
  readonly user: string | null;
  readonly csrf_token: string | null;
}

/** Of a saved view; each member is optional. The server's own definition is `api/metadata/view_parameters.py`. */
export interface ViewParameters {
  readonly symbol?: string | null;
  readonly range?: string;
  readonly span?: { readonly from: string; readonly to: string } | null;
  readonly model?: string | null;
  readonly horizon?: string | null;
  readonly detail?: string | null;
  readonly at?: string | null;
  readonly lang?: string | null;
}

export interface SavedView {
  readonly id: string;
  readonly name: string;
  readonly parameters: ViewParameters;
  readonly link: string | null;
  readonly version: number;
}

export interface SavedViewsPage {
  readonly elements: readonly SavedView[];
  readonly suivant: string | null;
}

export type SharedView = Pick<SavedView, "name" | "parameters">;
