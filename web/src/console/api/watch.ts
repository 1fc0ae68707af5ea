/** What those who watch and judge ask of the server. */
import { address, ask, fetchFile, post, type Query } from './client';
import type * as T from './types';

export const wall = (exam: string, query: Query) => ask<T.WallView>(`/exams/${exam}/wall`, { query });
export const admissions = (exam: string) => ask<T.AdmissionList>(`/exams/${exam}/admissions`);
export const admit = (exam: string, candidate: string, reason: string) =>
  post<null>(`/exams/${exam}/admissions`, { candidate_id: candidate, reason });

export const evidence = (attempt: string) => ask<T.Evidence>(`/attempts/${attempt}/watch`);
export const standing = (attempt: string) => ask<T.AttemptState>(`/attempts/${attempt}`);
/** `known` is how many steps of the review were seen: a step that came meanwhile is told first. */
export const decide = (attempt: string, act: string, reason: string, known: number) =>
  post<T.ReviewView>(`/attempts/${attempt}/review`, { act, reason, known });
export const marked = async (attempt: string, reason: string) => (await fetchFile(`/attempts/${attempt}/snapshots.zip`, { reason })).blob;
export const reviews = (query: Query) => ask<T.ReviewPage>('/reviews', { query });

/** Where a picture is found; the browser sends the sign-in along. */
export const snapshotAt = (attempt: string, place: number, small = false) => address(`/attempts/${attempt}/snapshots/${place}`, { small });
export const portraitOf = (candidate: string) => address(`/candidates/${candidate}/portrait`);
