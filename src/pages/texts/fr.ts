import type { PageTexts } from '../../page-texts.ts';

/** French. */
export const fr: PageTexts = {
  pages: {
    login_invalid: {
      title: 'Cette connexion n’a pas pu être lue',
      message: 'La réponse reçue était incomplète. Veuillez vous reconnecter.',
    },
    login_not_found: {
      title: 'Cette connexion n’est plus en attente',
      message:
        'Elle est déjà terminée, ou ce navigateur ne l’a pas conservée\u00a0: elle a peut-être été commencée dans un autre navigateur, ou les cookies sont bloqués. Veuillez vous reconnecter.',
    },
    login_not_brought: {
      title: 'Cette connexion n’est plus en attente',
      message:
        'Ce navigateur n’en a rien transmis. Elle a sans doute été commencée à une autre adresse de ce site\u00a0: veuillez commencer à l’adresse {homeUrl}. Il se peut aussi qu’elle soit déjà terminée ou que les cookies soient bloqués.',
    },
    login_expired: {
      title: 'Cette connexion a pris trop de temps',
      message: 'Pour votre sécurité, elle a été interrompue. Veuillez vous reconnecter.',
    },
    login_insufficient: {
      title: 'Cette page en demande davantage',
      message: 'Cette page exige une connexion plus forte ou plus récente que la vôtre.',
    },
    login_unprovable: {
      title: 'Cette page en demande davantage',
      message:
        'Cette page exige une connexion plus forte ou plus récente, que votre compte ne permet pas. Vous reconnecter de la même manière n’y changerait rien.',
    },
    login_denied: {
      title: 'La connexion n’a pas abouti',
      message: 'La connexion a été annulée ou refusée.',
    },
    login_refused: {
      title: 'La connexion n’a pas abouti',
      message: 'Ce compte ne peut pas être utilisé ici.',
    },
    login_ended: {
      title: 'Votre session a été fermée',
      message: 'Une déconnexion est survenue pendant votre connexion. Veuillez vous reconnecter.',
    },
    login_limited: {
      title: 'Vous avez des sessions ouvertes ailleurs',
      message:
        'Vous avez atteint le nombre de sessions autorisé ici. Déconnectez-vous sur un autre appareil, puis reconnectez-vous.',
    },
    provider_unavailable: {
      title: 'La connexion n’est pas disponible',
      message: 'Le service de connexion ne répond pas. Veuillez réessayer dans un instant.',
    },
    provider_invalid_response: {
      title: 'La connexion n’a pas abouti',
      message: 'La réponse du service de connexion n’est pas digne de confiance.',
    },
    provider_refused: {
      title: 'La connexion n’a pas abouti',
      message: 'Le service de connexion a refusé de terminer cette connexion.',
    },
    store_unavailable: {
      title: 'Veuillez réessayer dans un instant',
      message: 'Votre session est inaccessible pour le moment.',
    },
    login_required: {
      title: 'Veuillez vous connecter',
      message: 'Cette page est réservée aux personnes connectées.',
    },
    access_denied: {
      title: 'Vous n’avez pas accès à cette page',
      message: 'Votre compte ne dispose pas de ce qui est nécessaire ici.',
    },
    cross_origin_request: {
      title: 'Cette action n’a pas été effectuée',
      message:
        'La demande venait d’un autre site et a été refusée pour votre sécurité. Si vous en êtes à l’origine, ouvrez la page ici et effectuez-y cette action.',
    },
    unexpected: {
      title: 'Une erreur est survenue',
      message: 'Cette action n’a pas pu être effectuée. Veuillez réessayer plus tard.',
    },
    form_not_kept: {
      title: 'Veuillez vous reconnecter',
      message:
        'Votre session est terminée, ou une connexion plus récente est nécessaire\u00a0: votre envoi n’a pas été enregistré. Connectez-vous, revenez à la page, rechargez-la et renvoyez vos données.',
    },
    form_kept: {
      title: 'Veuillez vous reconnecter',
      message:
        'Votre session est terminée, ou une connexion plus récente est nécessaire. Votre envoi est conservé pendant une demi-heure\u00a0: connectez-vous, et il vous sera demandé s’il faut l’envoyer.',
    },
    form_to_send: {
      title: 'Envoyer maintenant\u00a0?',
      message:
        'Ce que vous avez envoyé à {action} avant de vous connecter a été conservé, et n’est envoyé que par ce bouton. Cette page le propose pendant une demi-heure, même après l’envoi\u00a0: ne l’envoyez qu’une fois.',
    },
    form_gone: {
      title: 'Rien n’est conservé ici',
      message:
        'Votre envoi a été conservé pendant une demi-heure. Veuillez revenir à la page et l’envoyer de nouveau.',
    },
    form_of_another: {
      title: 'Vous ne pouvez pas envoyer ceci',
      message:
        'Ce qui a été conservé ici appartient à un autre compte et n’a pas été envoyé. Pour l’envoyer, connectez-vous avec le compte qui a servi à l’écrire.',
    },
    choose: {
      title: 'Se connecter',
      message: 'Choisissez où vous avez votre compte.',
    },
    login_done: {
      title: 'Connexion réussie',
      message: 'Vous pouvez fermer cette fenêtre.',
    },
    signed_in: {
      title: 'Votre session est ouverte',
      message: 'Vous avez une session ici, et elle se poursuit.',
    },
    signed_out: {
      title: 'Déconnexion réussie',
      message: 'Votre session est terminée ici.',
    },
    signed_out_here: {
      title: 'Votre session est fermée ici',
      message: 'Le service de connexion est injoignable\u00a0: votre session y est peut-être encore ouverte.',
    },
    signing_out: {
      title: 'Déconnexion en cours',
      message:
        'Votre session est fermée ici. Une dernière étape met fin à votre session auprès du service de connexion.',
    },
    sign_out: {
      title: 'Se déconnecter\u00a0?',
      message: 'Votre session prendra fin ici.',
    },
    frame_signed_out: {
      title: 'Session terminée',
      message: 'La session est terminée ici, s’il y en avait une.',
    },
  },
  labels: {
    home: 'Page d’accueil',
    signIn: 'Se connecter',
    signInAgain: 'Se reconnecter',
    useAnotherAccount: 'Utiliser un autre compte',
    signOut: 'Se déconnecter',
    signOutOfService: 'Se déconnecter du service de connexion',
    staySignedIn: 'Garder la session ouverte',
    continue: 'Continuer',
    tryAgain: 'Réessayer',
    sendIt: 'Envoyer',
    doNotSendIt: 'Ne pas envoyer',
    reference: 'Si vous demandez de l’aide, indiquez cette référence\u00a0: {reference}',
    missing: 'Il manque\u00a0: {list}.',
    missingRole: 'le rôle {names}',
    missingRoles: 'l’un des rôles {names}',
    missingScopes: 'l’autorisation {names}',
    missingClaims: '{names} dans votre compte',
    missingMethod: 'une connexion par {names}',
  },
};
