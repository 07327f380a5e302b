/** What is known of a token's bearer, in the terms of Kubernetes' TokenReview status. */
export interface TokenReviewResult {
  readonly authenticated: boolean;
  /** `system:serviceaccount:NAMESPACE:NAME`; empty when not authenticated. */
  readonly username: string;
  /** Of the ServiceAccount; empty or left out where that is not known. */
  readonly uid?: string;
  /** Why the token could not be judged or is not good; empty otherwise. */
  readonly error: string;
}

/**
 * Says whose token this is. Rejects when nobody could be asked; a bad token is a result, not a rejection.
 * Without an audience the reviewer falls back to its own default, as the Kubernetes API does.
 */
export interface TokenReviewer {
  review(token: string, audience: string | undefined): Promise<TokenReviewResult>;
}
